import { randomUUID } from 'node:crypto';
import type { Grant, LockDriver, LockRequest } from '../../lock.js';
import { LocalQueue } from '../local-queue.js';

/**
 * A mutex in this process's memory: first come first served, costs nothing, and protects against nobody outside the
 * process. With two workers it is no lock at all.
 */
export class LocalMutexDriver implements LockDriver {
  readonly #queue = new LocalQueue();

  async acquire(resource: string, { signal }: LockRequest): Promise<Grant> {
    const leave = await this.#queue.enter(resource, signal);
    let ours = true;
    return {
      holder: randomUUID(),
      release: async () => {
        if (!ours) return false;
        ours = false;
        leave();
        return true;
      },
    };
  }

  async close() {}
}
