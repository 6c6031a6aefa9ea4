export { createLockDriver, type LockBackends, type LockDriverName } from './drivers/index.js';
export * from './errors.js';
export type { Lease, LockDriver, LockObserver, LockOptions } from './lock.js';
export { Lock } from './with-lock.js';
