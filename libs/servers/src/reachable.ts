import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkPostgres } from './check-postgres.js';
import { checkRedis } from './check-redis.js';
import { notYet, unusable, type Hindrance } from './hindrance.js';
import type { Log } from './log.js';
import { ServerUnusableError } from './server-unusable-error.js';
import { isPassing } from './verdict-of.js';

/** In milliseconds: between two tries, and between two lines in the log. */
const RETRY_MS = 500;
const REPORT_MS = 5_000;

const CHECKS = { Postgres: checkPostgres, Redis: checkRedis };

/**
 * Resolves once this application can work with each of the servers, however long that takes. Logs what it waits for, at once and
 * every few seconds.
 *
 * @throws {ServerUnusableError} when waiting is in vain
 */
export async function reachable(
  urls: Readonly<Partial<Record<keyof typeof CHECKS, string>>>,
  log: Log,
): Promise<void> {
  const servers = Object.entries(urls) as [keyof typeof CHECKS, string][];
  await Promise.all(servers.map(([name, url]) => wait(name, url, log)));
}

async function wait(name: keyof typeof CHECKS, url: string, log: Log): Promise<void> {
  const { host } = new URL(url);
  const check = () => CHECKS[name](url).catch(hindranceOf);
  let told = -Infinity;
  for (let hindrance = await check(); hindrance; hindrance = await check()) {
    if (!hindrance.passes)
      throw new ServerUnusableError(`${name} at ${host} cannot be used: ${hindrance.what}`);
    if (performance.now() - told >= REPORT_MS) {
      told = performance.now();
      log.warn({ server: host }, `waits for ${name}: ${hindrance.what}`);
    }
    await sleep(RETRY_MS);
  }
}

/** The hindrance that the rejection of a check tells. */
function hindranceOf(error: Error): Hindrance {
  const said = error.message || (error as pg.DatabaseError).code || error.name;
  return isPassing(error) ? notYet(said) : unusable(said);
}
