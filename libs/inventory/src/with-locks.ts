import type { Lease, Lock, LockOptions } from '@app/lock';

/** What is asked of a lock here. */
export type Locking = Pick<Lock, 'withLock' | 'reseed'>;

/**
 * Runs work while holding all of these locks. They are taken one after the other in the order given: whoever needs several
 * at a time must name them in the same order, else two could wait for each other.
 *
 * @throws what {@link Lock.withLock} throws
 */
export function withLocks<T>(
  lock: Locking,
  [resource, ...others]: readonly string[],
  options: LockOptions,
  work: (...leases: Lease[]) => Promise<T>,
): Promise<T> {
  if (resource === undefined) return work();
  return lock.withLock(resource, options, (lease) =>
    withLocks(lock, others, options, (...leases) => work(lease, ...leases)),
  );
}
