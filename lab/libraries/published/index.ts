import type { LockAdapter, LockPromises } from '../adapter.js';

/** A published lock as one of the ways in its README uses it. */
export interface Published extends LockAdapter {
  /** On npm. */
  readonly package: string;
  /** Until somebody who waits is let in once the TTL is over, in milliseconds; a moment unless given. */
  readonly slowMs?: number;
  /** Trials that end one way or the other: it ends its holder's process, which races with the write. */
  readonly races?: readonly string[];
  /** The store makes no shorter lease, in milliseconds. */
  readonly leastTtl?: number;
}

const OWNER_CHECKED: LockPromises = { ownerChecked: true };
const KEPT: LockPromises = { ...OWNER_CHECKED, extends: true, tellsLoss: true };

/** Each loads its library only where it is used. The defaults of a library come first, then what else its README recommends. */
export const PUBLISHED: Readonly<Record<string, Published>> = {
  'redlock lock()': {
    package: 'redlock',
    store: 'redis',
    promises: OWNER_CHECKED,
    open: async (url) => (await import('./redlock.js')).openRedlock(url),
  },
  'redlock lock() on five': {
    package: 'redlock',
    store: 'redlock',
    promises: { ...OWNER_CHECKED, survivesFailover: true },
    open: async (url) => (await import('./redlock.js')).openRedlock(url),
  },
  '@sesamecare-oss/redlock acquire()': {
    package: '@sesamecare-oss/redlock',
    store: 'redis',
    promises: OWNER_CHECKED,
    open: async (url) => (await import('./sesamecare-redlock.js')).openAcquire(url),
  },
  '@sesamecare-oss/redlock using() on five': {
    package: '@sesamecare-oss/redlock',
    store: 'redlock',
    promises: { ...KEPT, survivesFailover: true },
    open: async (url) => (await import('./sesamecare-redlock.js')).openUsing(url),
  },
  'redis-semaphore Mutex': {
    package: 'redis-semaphore',
    store: 'redis',
    promises: { ...OWNER_CHECKED, extends: true, cancels: true },
    races: ['pause', 'busy loop'],
    open: async (url) => (await import('./redis-semaphore.js')).openMutex(url),
  },
  'redis-semaphore Mutex with onLockLost': {
    package: 'redis-semaphore',
    store: 'redis',
    promises: { ...KEPT, cancels: true },
    open: async (url) => (await import('./redis-semaphore.js')).openMutexWithOnLockLost(url),
  },
  'redlock-universal acquire()': {
    package: 'redlock-universal',
    store: 'redis',
    promises: OWNER_CHECKED,
    open: async (url) => (await import('./redlock-universal.js')).openAcquire(url),
  },
  'redlock-universal using() on five': {
    package: 'redlock-universal',
    store: 'redlock',
    promises: { ...KEPT, survivesFailover: true },
    open: async (url) => (await import('./redlock-universal.js')).openUsing(url),
  },
  'redis-lock': {
    package: 'redis-lock',
    store: 'redis',
    open: async (url) => (await import('./redis-lock.js')).openRedisLock(url),
  },
  'node-redis-warlock optimistic()': {
    package: 'node-redis-warlock',
    store: 'redis',
    promises: OWNER_CHECKED,
    open: async (url) => (await import('./warlock.js')).openWarlock(url),
  },
  'simple-redis-mutex': {
    package: 'simple-redis-mutex',
    store: 'redis',
    promises: { ...OWNER_CHECKED, token: true },
    slowMs: 30_000, // it polls that seldom: nobody tells it that a lock ran out
    open: async (url) => (await import('./simple-redis-mutex.js')).openSimpleRedisMutex(url),
  },
  '@verrou/core on MySQL': {
    package: '@verrou/core',
    store: 'mysql',
    promises: OWNER_CHECKED,
    open: async (url) => (await import('./verrou.js')).openVerrou(url),
  },
  '@verrou/core on MySQL with isExpired()': {
    package: '@verrou/core',
    store: 'mysql',
    promises: { ...OWNER_CHECKED, tellsLoss: true, readsClock: true },
    open: async (url) => (await import('./verrou.js')).openVerrouAsked(url),
  },
  'etcd3 lock()': {
    package: 'etcd3',
    store: 'etcd',
    promises: { ...OWNER_CHECKED, extends: true },
    leastTtl: 2_000,
    open: async (url) => (await import('./etcd3.js')).openEtcd3(url),
  },
  'consul session and kv.set': {
    package: 'consul',
    store: 'consul',
    promises: KEPT,
    leastTtl: 10_000,
    slowMs: 45_000, // a session may last two TTLs, and Consul keeps the key of one that ended locked for 15 s more
    open: async (url) => (await import('./consul.js')).openConsul(url),
  },
  'advisory-lock': {
    package: 'advisory-lock',
    store: 'postgres',
    promises: { ...OWNER_CHECKED, freedBy: 'connection', extends: true },
    open: async (url) => (await import('./advisory-lock.js')).openAdvisoryLock(url),
  },
};
