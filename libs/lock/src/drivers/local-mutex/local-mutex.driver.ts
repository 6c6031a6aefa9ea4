import { Mutex } from 'async-mutex';
import { randomUUID } from 'node:crypto';
import { orAbort } from '../../async/or-abort.js';
import type { Grant, LockDriver, LockRequest } from '../../contract.js';

/**
 * A mutex in this process's memory: first come first served, costs nothing, and protects against nobody outside the
 * process. With two workers it is no lock at all.
 */
export class LocalMutexDriver implements LockDriver {
  readonly #mutexes = new Map<string, Mutex>();

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const mutex = this.#mutexes.get(resource) ?? new Mutex();
    this.#mutexes.set(resource, mutex);
    if (mutex.isLocked()) request.contended?.();
    const turn = mutex.acquire();
    await orAbort(turn, request.signal).catch((reason: unknown) => {
      void turn.then(() => this.#release(resource, mutex)); // our turn still comes: pass it on
      throw reason;
    });
    let ours = true;
    return {
      holder: randomUUID(),
      release: async () => {
        if (!ours) return false;
        ours = false;
        this.#release(resource, mutex);
        return true;
      },
    };
  }

  async close() {}

  #release(resource: string, mutex: Mutex) {
    mutex.release();
    if (!mutex.isLocked()) this.#mutexes.delete(resource);
  }
}
