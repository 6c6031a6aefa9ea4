import type { LockBackends, LockDriverName } from '../src/index.js';

/** What one driver promises. The conformance suite asserts each point, and what happens instead where there is a no. */
export interface Promises {
  /** The server it needs, if it needs one. */
  readonly needs?: keyof LockBackends;
  /** Whom it keeps apart. */
  readonly excludes: 'processes' | 'callers of one process';
  /** First come first served. */
  readonly order: 'none' | 'always';
  /**
   * Its leases carry tokens that grow strictly, across processes and restarts of the server; and they can be moved above a given one,
   * for a server that comes back with older data.
   */
  readonly fenced: boolean;
  /** A lease outlives its TTL while its work runs. */
  readonly watchdog: boolean;
  /** How a waiter learns that the lock is free. */
  readonly wakeUp: 'push' | 'polling';
  /** What gives the lock to others when its holder is gone. */
  readonly freedBy: 'ttl' | 'session' | 'connection' | 'process' | 'nobody';
  /** From the holder's crash to the next grant at most: so many TTLs and milliseconds. Absent: for ever. */
  readonly deadTime?: { readonly ttls: number; readonly ms: number };
  /** Between fenced callers a holder whose process is gone does not keep anybody waiting. */
  readonly takeover: boolean;
  /** How the holder learns that the store took its lock away: it is told, it asks in time, or its release finds out. */
  readonly lossSeen: 'at once' | 'watchdog' | 'release' | 'never';
  /** The least TTL of use, in milliseconds: the store makes no shorter leases, or a busy machine cannot keep them. */
  readonly leastTtl: number;
  /** The lock when the store's server crashes and comes back within the TTL. */
  readonly serverCrash: 'held' | 'lost, holder told' | 'no server';
  /** What keeps the lock when one server is gone for good. */
  readonly quorum: 'no' | 'majority of independent servers' | 'as a cluster';
  /** Objects that each resource leaves in the store when nobody holds it or waits for it. */
  readonly leaves: number;
}

const redisSetnx: Promises = {
  needs: 'redis',
  excludes: 'processes',
  order: 'none',
  fenced: false,
  watchdog: false,
  wakeUp: 'polling',
  freedBy: 'ttl',
  deadTime: { ttls: 1, ms: 0 },
  takeover: false,
  lossSeen: 'release',
  leastTtl: 0,
  serverCrash: 'held',
  quorum: 'no',
  leaves: 0,
};

/** A session of the store, kept alive by the holder's process, is what holds the lock. */
const bySession = {
  excludes: 'processes',
  order: 'always',
  fenced: true,
  watchdog: true,
  wakeUp: 'push',
  freedBy: 'session',
  deadTime: { ttls: 1, ms: 0 },
  takeover: false,
  lossSeen: 'watchdog',
  leastTtl: 0,
  serverCrash: 'held',
  quorum: 'as a cluster',
  leaves: 0,
} as const satisfies Promises;

/** The lock is a property of one database connection. */
const byConnection = {
  ...bySession,
  fenced: false,
  freedBy: 'connection',
  deadTime: { ttls: 0, ms: 0 },
  lossSeen: 'at once',
  serverCrash: 'lost, holder told',
  quorum: 'no',
} as const satisfies Promises;

/** The lock is a row. */
const byRow = {
  ...redisSetnx,
  needs: 'mysql',
} as const satisfies Promises;

export const PROMISES = {
  'local-mutex': {
    excludes: 'callers of one process',
    order: 'always',
    fenced: false,
    watchdog: true,
    wakeUp: 'push',
    freedBy: 'process',
    takeover: false,
    lossSeen: 'never',
    leastTtl: 0,
    serverCrash: 'no server',
    quorum: 'no',
    leaves: 0,
  },
  'redis-setnx': redisSetnx,
  redis: {
    ...redisSetnx,
    order: 'always',
    fenced: true,
    watchdog: true,
    wakeUp: 'push',
    takeover: true,
    lossSeen: 'watchdog',
    leaves: 1,
  },
  redlock: {
    ...redisSetnx,
    needs: 'redlock',
    leastTtl: 2_500, // each server has a fifth of it to answer: a busy machine needs 500 ms
    watchdog: true,
    lossSeen: 'watchdog',
    quorum: 'majority of independent servers',
  },
  etcd: { ...bySession, needs: 'etcd', leastTtl: 2_000 },
  zookeeper: { ...bySession, needs: 'zookeeper' },
  consul: {
    ...bySession,
    needs: 'consul',
    leastTtl: 10_000,
    deadTime: { ttls: 2, ms: 0 }, // Consul ends a session between one and two TTLs after its last sign of life
  },
  'mysql-key': { ...byRow, freedBy: 'nobody', deadTime: undefined },
  'mysql-key-lease': {
    ...byRow,
    fenced: true,
    watchdog: true,
    lossSeen: 'watchdog',
    leaves: 1,
  },
  'mysql-get-lock': { ...byConnection, needs: 'mysql', order: 'none' },
  'postgres-advisory': { ...byConnection, needs: 'postgres' },
} as const satisfies Record<LockDriverName, Promises>;
