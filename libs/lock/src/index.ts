export {
  backendOf,
  createLockDriver,
  LOCK_DRIVER_NAMES,
  type LockBackends,
  type LockDriverName,
} from './drivers/index.js';
export * from './errors.js';
export type {
  Grant,
  Lease,
  LockDriver,
  LockObserver,
  LockOptions,
  LockRequest,
  LockState,
} from './contract.js';
export type { RedisShards } from './connections/redis-shards.js';
export { processOf } from './holder.js';
export { LOCK_TRAITS, runsOut, type LockTraits } from './traits.js';
export { Locks } from './locks.js';
export { Semaphore } from './semaphore.js';
export { Lock } from './lock.js';
