import type { Lease, Lock, LockOptions } from '@app/lock';

/** What is asked of a lock here. */
export type Locking = Pick<Lock, 'withLocks' | 'reseed'>;

/**
 * The switch of this application. The very same work runs while this process holds all of the locks, or, where its strategy
 * has none, side by side with everybody else's. See {@link Lock.withLocks}.
 */
export async function underLock<T>(
  lock: Locking | undefined,
  resources: readonly string[],
  options: LockOptions,
  work: (...leases: Lease[]) => Promise<T>,
): Promise<T> {
  return lock && resources.length > 0 ? lock.withLocks(resources, options, work) : work();
}
