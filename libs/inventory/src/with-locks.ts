import type { Lease, Lock, LockOptions } from '@app/lock';

/** What is asked of a lock here. */
export type Locking = Pick<Lock, 'withLocks' | 'reseed'>;

/** Runs work while holding all of these locks, if any; see {@link Lock.withLocks}. */
export async function withLocks<T>(
  lock: Locking,
  resources: readonly string[],
  options: LockOptions,
  work: (...leases: Lease[]) => Promise<T>,
): Promise<T> {
  return resources.length > 0 ? lock.withLocks(resources, options, work) : work();
}
