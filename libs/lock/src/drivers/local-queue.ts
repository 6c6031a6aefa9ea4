import { Mutex } from 'async-mutex';
import { orAbort } from './or-abort.js';

/** A queue per name among the callers of this process: first come first served. */
export class LocalQueue {
  readonly #mutexes = new Map<string, Mutex>();

  /**
   * Resolves to what lets the next one in, once it is the caller's turn.
   *
   * @throws `signal.reason` when that aborts first
   */
  async enter(name: string, signal: AbortSignal): Promise<() => void> {
    const mutex = this.#mutexes.get(name) ?? new Mutex();
    this.#mutexes.set(name, mutex);
    const leave = () => {
      mutex.release();
      if (!mutex.isLocked()) this.#mutexes.delete(name);
    };
    const turn = mutex.acquire();
    await orAbort(turn, signal).catch((reason: unknown) => {
      void turn.then(leave); // our turn still comes: pass it on
      throw reason;
    });
    return leave;
  }
}
