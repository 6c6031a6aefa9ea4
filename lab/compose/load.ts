import { setTimeout as sleep } from 'node:timers/promises';
import type { Compose, Outcome } from './compose.js';

/** Seconds of load before something happens, and in all. */
const BEFORE = 5;
const SECONDS = 35;

/** Runs a load test in a container of k6, which judges its own load and the audit of its sale. */
export function k6(
  compose: Compose,
  script: string,
  env: Record<string, string | number> = {},
): Promise<Outcome> {
  // How much k6 gets through beside all containers is a matter of the machine.
  const variables = Object.entries({ DROPPED: 'any', ...env }).map(
    ([name, value]) => `--env=${name}=${value}`,
  );
  return compose.once([...variables, 'k6', 'run', '--quiet', `/load-tests/${script}.ts`]);
}

/** The same, while something happens to the application. */
export async function k6During(
  compose: Compose,
  script: string,
  env: Record<string, string | number>,
  happens: (compose: Compose) => Promise<void>,
): Promise<Outcome> {
  const load = k6(compose, script, { ...env, DURATION: SECONDS });
  const happened = sleep(BEFORE * 1_000).then(() => happens(compose));
  const [outcome] = await Promise.all([load, happened]);
  return outcome;
}
