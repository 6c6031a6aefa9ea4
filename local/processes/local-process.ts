import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExpectedError } from '../expected-error.js';
import { childrenOf, endAll } from './process-table.mjs';
import { currentRun } from './run.mjs';

const readyMs = 60_000;
/** More than SHUTDOWN_TIMEOUT_MS, after which the application leaves by itself. */
const stopMs = 25_000;

/** What to execute. */
export interface Command {
  file: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** Written to its standard input. */
  input?: string;
  uid?: number;
  gid?: number;
}

export interface ProcessOptions {
  /** Names its log too, so it must be unique within the run. */
  name: string;
  command: Command;
  isReady: () => Promise<boolean>;
  stopSignal?: NodeJS.Signals;
  /** A server outlives the processes that use it. */
  stopLast?: boolean;
}

/** A server or application process of this run: ready once started, gone once stopped, its output in a log file. */
export class LocalProcess {
  readonly logFile: string;
  private child?: ChildProcess;
  private ended: Promise<string> = Promise.resolve('it was not started');
  private endExpected = false;

  constructor(private readonly options: ProcessOptions) {
    this.logFile = join(currentRun().logs, `${options.name}.log`);
  }

  /** While it runs. */
  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  /** Resolves once it is ready; rejects with the end of its log if it dies first or does not get ready in time. */
  async start(): Promise<this> {
    this.spawn();
    try {
      await this.becomeReady();
    } catch (error) {
      await this.kill('SIGKILL');
      throw error;
    }
    void this.ended.then((how) => {
      if (!this.endExpected && !currentRun().ending) console.error(`\n✗ ${this.describeEnd(how)}`);
    });
    return this;
  }

  /** Asks it to end, and kills it if that takes too long. */
  async stop(): Promise<void> {
    const kill = setTimeout(() => this.signal('SIGKILL'), stopMs);
    await this.kill(this.options.stopSignal ?? 'SIGTERM');
    clearTimeout(kill);
  }

  /** Sends the signal, which must end it, and waits until it has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.endExpected = true;
    this.signal(signal);
    await this.ended;
  }

  /** Kills it together with its children, even those that left its group, as the backends of Postgres do. */
  async crash(): Promise<void> {
    const children = this.child?.pid ? childrenOf(this.child.pid) : [];
    await this.kill('SIGKILL');
    await endAll(
      children.map(({ pid, started }) => ({ pid, started, signal: 'SIGKILL' })),
      stopMs,
    );
  }

  /** Stops it together with its children, until `thaw`: nobody is told, and its connections stay open. */
  freeze(): void {
    this.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.signalAll('SIGCONT');
  }

  private signalAll(signal: NodeJS.Signals): void {
    if (this.pid)
      for (const pid of [this.pid, ...childrenOf(this.pid).map((child) => child.pid)])
        process.kill(pid, signal);
  }

  private spawn(): void {
    const { command, stopSignal, stopLast } = this.options;
    const { file, args, env, input, uid, gid } = command;
    const log = openSync(this.logFile, 'a');
    // A group of its own: Ctrl-C in the terminal reaches only the verb, which ends its processes in order.
    const child = spawn(file, args, { env, uid, gid, cwd: '/', detached: true, stdio: ['pipe', log, log] });
    closeSync(log);
    if (child.pid) currentRun().endAtLatest(child.pid, { group: true, signal: stopSignal, stopLast });
    child.stdin!.on('error', () => {}).end(input); // that it died before it read this is told by its end
    this.child = child;
    this.endExpected = false;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
    });
  }

  /** Gives up in time and at its end, even while one question for readiness has no answer. */
  private async becomeReady(): Promise<void> {
    const over = new AbortController();
    const late = delay(readyMs, `it was not ready within ${readyMs / 1000} s`, { signal: over.signal });
    try {
      const failure = await Promise.race([this.ended, late, this.untilReady(over.signal)]);
      if (failure !== undefined) throw new ExpectedError(this.describeEnd(failure));
    } finally {
      over.abort();
    }
  }

  private async untilReady(over: AbortSignal): Promise<void> {
    while (!over.aborted && !(await this.options.isReady().catch(() => false))) await delay(50);
  }

  private signal(signal: NodeJS.Signals): void {
    const child = this.child;
    if (child?.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
  }

  private describeEnd(how: string): string {
    const tail = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n  ');
    return `${this.options.name}: ${how}. The end of ${this.logFile}:\n  ${tail}`;
  }
}
