import { Mutex } from 'async-mutex';
import { randomUUID } from 'node:crypto';
import type { Grant, LockDriver, LockRequest } from '../../lock.js';

/**
 * A mutex in this process's memory: first come first served, costs nothing, and protects against nobody outside the
 * process. With two workers it is no lock at all.
 */
export class LocalMutexDriver implements LockDriver {
  readonly #mutexes = new Map<string, Mutex>();

  async acquire(resource: string, { signal }: LockRequest): Promise<Grant> {
    const mutex = this.#mutexes.get(resource) ?? new Mutex();
    this.#mutexes.set(resource, mutex);
    const acquired = mutex.acquire();
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => reject(signal.reason as Error);
      signal.addEventListener('abort', giveUp, { once: true });
      void acquired.then(() => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      });
    }).catch((reason: unknown) => {
      void acquired.then(() => this.#release(resource, mutex)); // our turn still comes: pass it on
      throw reason;
    });
    return { holder: randomUUID(), release: async () => this.#release(resource, mutex) };
  }

  async close() {}

  #release(resource: string, mutex: Mutex) {
    mutex.release();
    if (!mutex.isLocked()) this.#mutexes.delete(resource);
    return true;
  }
}
