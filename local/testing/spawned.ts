import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort } from '../processes/free-port.js';
import { currentRun } from '../processes/run.mjs';

const READY_MS = 30_000;

/** A process of a test: it takes signals, and keeps its output and exit code. */
export class Spawned {
  readonly #child: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** All that it has written so far. */
  output = '';

  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    readonly url: string,
  ) {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    this.#child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, ...env },
      stdio: [...stdio],
    });
    currentRun().endAtLatest(this.#child.pid!, { signal: 'SIGKILL' });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    // `close` comes once the output is complete too.
    this.ended = once(this.#child, 'close').then(
      ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
    );
  }

  /** Starts a program that serves HTTP, on a free port. Resolves once it is ready. */
  static serving(main: string, env: NodeJS.ProcessEnv): Promise<Spawned> {
    return onFreePort(async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const spawned = new Spawned([main], { ...env, PORT: String(port) }, url);
      let ended = false;
      void spawned.ended.then(() => (ended = true));
      for (const latest = Date.now() + READY_MS; !(await isReady(url)); await sleep(50)) {
        if (ended || Date.now() > latest) {
          spawned.kill('SIGKILL');
          throw new Error(`It did not become ready:\n${spawned.output}`);
        }
      }
      return spawned;
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

const isReady = (url: string) =>
  fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
