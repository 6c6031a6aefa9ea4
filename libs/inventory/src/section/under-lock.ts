import type { Lease, Lock, LockOptions } from '@app/lock';

/** The part of a lock that this library needs. */
export type Locking = Pick<Lock, 'withLocks' | 'reseed'>;

/**
 * The switch between lock-on and lock-off. With a lock, the work runs while this process holds all resources; without one, the
 * same work runs side by side with everybody else's. See {@link Lock.withLocks}.
 */
export async function underLock<T>(
  lock: Locking | undefined,
  resources: readonly string[],
  options: LockOptions,
  work: (...leases: Lease[]) => Promise<T>,
): Promise<T> {
  // Nothing is locked to say that a striped SKU is sold out: that takes no unit.
  return lock && resources.length > 0 ? lock.withLocks(resources, options, work) : work();
}
