import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { currentRun } from '../../../../local/processes/run.mjs';
import type { BackendUrls } from './backends.js';
import type { Answer, Calls, LoopCount, LoopOptions } from './contender.js';

/** An error of the other process, with the code that it had there. */
export class RemoteError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

type Result<Name extends keyof Calls> = Awaited<ReturnType<Calls[Name]>>;

/** One more process that contends for locks. See `contender.ts` for what its calls do. */
export class ContenderProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<
    number,
    { resolve: (value: never) => unknown; reject: (error: Error) => void }
  >();
  readonly #exited: Promise<unknown>;
  #calls = 0;

  private constructor() {
    const script = fileURLToPath(new URL('./contender.ts', import.meta.url));
    this.#child = fork(script, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
    currentRun().endAtLatest(this.#child.pid!, { signal: 'SIGKILL' });
    this.#child.on('message', (answer: Answer) => this.#settle(answer));
    this.#exited = once(this.#child, 'exit');
    void this.#exited.then(() => {
      for (const { reject } of this.#pending.values()) reject(new RemoteError('?', 'the process has ended'));
    });
  }

  static async open(driver: string, backends: BackendUrls, ledgerUrl: string): Promise<ContenderProcess> {
    const contender = new ContenderProcess();
    await contender.#call('open', driver, backends, ledgerUrl);
    return contender;
  }

  get pid() {
    return this.#child.pid!;
  }

  get alive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  acquire = (...args: Parameters<Calls['acquire']>) => this.#call('acquire', ...args);
  lost = (resource: string) => this.#call('lost', resource);
  release = (resource: string) => this.#call('release', resource);
  loop = (resource: string, options: LoopOptions) => this.#call('loop', resource, options);
  count = (): Promise<LoopCount> => this.#call('count');
  stop = (): Promise<LoopCount> => this.#call('stop');

  /** SIGSTOP and SIGCONT: a pause that no part of the process notices. */
  signal(signal: 'SIGSTOP' | 'SIGCONT') {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.alive) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Closes its driver and lets the process end, which it does only if nothing keeps it. Resolves to its exit code. */
  async leave(): Promise<number | null> {
    await this.#call('close');
    await this.#exited;
    return this.#child.exitCode;
  }

  async #call<Name extends keyof Calls>(call: Name, ...args: Parameters<Calls[Name]>): Promise<Result<Name>> {
    const id = ++this.#calls;
    return new Promise<Result<Name>>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, call, args }, (error) => error && reject(error));
    });
  }

  #settle(answer: Answer) {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.reject(new RemoteError(answer.error.code, answer.error.message));
    else pending?.resolve(answer.result as never);
  }
}
