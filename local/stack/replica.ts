import { onFreePort } from '../processes/free-port.js';
import { LocalProcess } from '../processes/local-process.js';
import { mainOf, NODE_FLAGS } from '../setup/build.js';

/** Variables of libs/config. */
export type Env = Record<string, string>;

/** One process of an application. */
export class Replica extends LocalProcess {
  readonly url: string;

  constructor(app: string, name: string, port: number, env: Env, args: readonly string[] = []) {
    const url = `http://127.0.0.1:${port}`;
    super({
      name,
      command: {
        file: process.execPath,
        args: [...NODE_FLAGS, mainOf(app), ...args],
        env: { ...process.env, ...env, HOST: '127.0.0.1', PORT: String(port) },
      },
      isReady: () => isReady(url),
    });
    this.url = url;
  }
}

/** Starts a process of an application (a project of nest-cli.json) on a free port. */
export const startReplica = (app: string, name: string, env: Env, args?: readonly string[]) =>
  onFreePort((port) => new Replica(app, name, port, env, args).start());

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
