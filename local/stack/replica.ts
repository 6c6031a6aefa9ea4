import { THIS_MACHINE } from '../network/host.js';
import { onFreePort } from '../processes/free-port.js';
import { LocalProcess, type Command } from '../processes/local-process.js';
import { mainOf, NODE_FLAGS } from '../setup/build.js';

/** Variables of libs/config. */
export type Env = Record<string, string>;

/** One process of an application. */
export class Replica extends LocalProcess {
  constructor(
    name: string,
    command: Command,
    readonly url: string,
  ) {
    super({ name, command, isReady: () => isReady(url) });
  }
}

/** Starts a process of an application (a project of nest-cli.json) on a free port. */
export const startReplica = (
  app: string,
  name: string,
  env: Env,
  args: readonly string[] = [],
  host = THIS_MACHINE,
) =>
  onFreePort(async (port) => {
    const command = host.run({
      file: process.execPath,
      args: [...NODE_FLAGS, mainOf(app), ...args],
      env: { ...process.env, ...env, HOST: host.address, PORT: String(port) },
    });
    const url = await host.reach(`http://${host.address}:${port}`);
    return new Replica(name, command, url).start();
  });

/** Starts replicas of an application side by side. */
export function startReplicas(
  app: string,
  name: string,
  count: number,
  env: Env,
  args?: readonly string[],
): Promise<Replica[]> {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return Promise.all(numbers.map((number) => startReplica(app, `${name}-${number}`, env, args)));
}

async function isReady(url: string): Promise<boolean> {
  const { ok } = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
  return ok;
}
