import type { Lease, Lock, LockOptions } from '../../src/index.js';

export interface Held {
  readonly lease: Lease;
  /** Ends the work; rejects as `withLock` does. */
  release(): Promise<void>;
}

/** Holds the lock until it is told to end its work. Resolves once the lock is granted, rejects if it is not. */
export async function hold(lock: Lock, resource: string, options: LockOptions): Promise<Held> {
  let end: () => void = () => undefined;
  const worked = new Promise<void>((resolve) => (end = resolve));
  return new Promise((resolve, reject) => {
    const ended = lock.withLock(resource, options, (lease) => {
      resolve({
        lease,
        release: () => {
          end();
          return ended;
        },
      });
      return worked;
    });
    ended.catch(reject);
  });
}
