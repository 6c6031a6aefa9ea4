import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { message } from '../message.js';
import type { Contention, Holding, Solitude, Task } from './roles.js';

interface Reports {
  contend: Contention;
  alone: Solitude;
  hold: Holding;
}

/** How long a process may take to say goodbye to its store, in milliseconds. */
const GOODBYE_MS = 3_000;
/** How long one may take to open its lock and use it once, in milliseconds. */
const READY_MS = 60_000;

/** A process that plays its role in a lock benchmark when it is told to. */
export class Player<T extends Task> {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves once the process has used the lock and waits for the start. */
  static async of<T extends Task>(task: T): Promise<Player<T>> {
    const child = fork(process.argv[1]!, ['locker', JSON.stringify(task)]);
    const late = setTimeout(() => child.kill('SIGKILL'), READY_MS);
    await message(child).finally(() => clearTimeout(late));
    return new Player(child);
  }

  async play(): Promise<Reports[T['role']]> {
    const report = message(this.child);
    this.child.send('go');
    return (await report) as Reports[T['role']];
  }

  kill() {
    this.child.kill('SIGKILL');
  }

  /** Lets it end by itself, for a while. */
  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const late = setTimeout(() => this.kill(), GOODBYE_MS);
    await once(this.child, 'exit');
    clearTimeout(late);
  }
}
