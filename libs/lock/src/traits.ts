import type { LockDriverName } from './drivers/index.js';

/**
 * What one driver promises. The conformance suite asserts each point, and where it is a no, what happens instead; the README shows
 * them, and the fault lab expects them.
 */
export interface LockTraits {
  /** Whom it keeps apart. */
  readonly excludes: 'processes' | 'callers of one process';
  /** First come first served. */
  readonly order: 'none' | 'first come';
  /**
   * Its leases carry tokens that grow strictly, across processes and restarts of the server; and they can be moved above a given one,
   * for a server that comes back with older data.
   */
  readonly tokens: boolean;
  /** A lease outlives its TTL while its work runs. */
  readonly watchdog: boolean;
  /** How a waiter learns that the lock is free. */
  readonly wakeUp: 'push' | 'polling';
  /** What gives the lock to others when its holder is gone. */
  readonly freedBy: 'ttl' | 'session' | 'connection' | 'process' | 'nobody';
  /** From the holder's crash to the next grant at most, in TTLs. Absent: for ever. */
  readonly deadTtls?: 0 | 1 | 2;
  /** And so many milliseconds longer, whatever the TTL: the store counts in whole seconds. */
  readonly deadExtraMs?: number;
  /** With `earlyTakeover` a holder whose process is gone does not keep anybody waiting. */
  readonly takeover: boolean;
  /** How the holder learns that the store took its lock away: it is told, it asks in time, or its release finds out. */
  readonly lossSeen: 'at once' | 'watchdog' | 'release' | 'never';
  /** The least TTL of use, in milliseconds: the store makes no shorter leases, or a busy machine cannot keep them. */
  readonly leastTtl: number;
  /** The lock when the store's server crashes and comes back within the TTL. */
  readonly serverCrash: 'kept' | 'lost, holder told' | 'no server';
  /** What keeps the lock when one server is gone for good. */
  readonly quorum: 'no' | 'majority of independent servers' | 'as a cluster';
  /** Objects that each resource leaves in the store when nobody holds it or waits for it. */
  readonly leaves: number;
}

/** Whether the store's clock gives the lock to others when its holder gives no sign of life. */
export const runsOut = ({ freedBy }: LockTraits) => freedBy === 'ttl' || freedBy === 'session';

/** A key or row with an end, or without one, that waiters look at again and again. */
const polled: LockTraits = {
  excludes: 'processes',
  order: 'none',
  tokens: false,
  watchdog: false,
  wakeUp: 'polling',
  freedBy: 'ttl',
  deadTtls: 1,
  takeover: false,
  lossSeen: 'release',
  leastTtl: 0,
  serverCrash: 'kept',
  quorum: 'no',
  leaves: 0,
};

/** A session of the store, kept alive by the holder's process, is what holds the lock. */
const bySession: LockTraits = {
  excludes: 'processes',
  order: 'first come',
  tokens: true,
  watchdog: true,
  wakeUp: 'push',
  freedBy: 'session',
  deadTtls: 1,
  takeover: false,
  lossSeen: 'watchdog',
  leastTtl: 0,
  serverCrash: 'kept',
  quorum: 'as a cluster',
  leaves: 0,
};

/** The lock is a property of one database connection. */
const byConnection: LockTraits = {
  ...bySession,
  tokens: false,
  freedBy: 'connection',
  deadTtls: 0,
  lossSeen: 'at once',
  serverCrash: 'lost, holder told',
  quorum: 'no',
};

export const LOCK_TRAITS: Readonly<Record<LockDriverName, LockTraits>> = {
  'local-mutex': {
    excludes: 'callers of one process',
    order: 'first come',
    tokens: false,
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
  'redis-setnx': polled,
  redis: {
    ...polled,
    order: 'first come',
    tokens: true,
    watchdog: true,
    wakeUp: 'push',
    takeover: true,
    lossSeen: 'watchdog',
    leaves: 1,
  },
  redlock: {
    ...polled,
    leastTtl: 2_500, // each server has a fifth of it to answer: a busy machine needs 500 ms
    watchdog: true,
    lossSeen: 'watchdog',
    quorum: 'majority of independent servers',
  },
  etcd: { ...bySession, leastTtl: 2_000 },
  zookeeper: { ...bySession },
  consul: {
    ...bySession,
    leastTtl: 10_000,
    deadTtls: 2, // Consul ends a session between one and two TTLs after its last sign of life
  },
  cassandra: {
    ...polled,
    tokens: true,
    watchdog: true,
    lossSeen: 'watchdog',
    leastTtl: 2_000, // a transaction takes several rounds to disk: a busy machine needs the time to extend
    deadExtraMs: 2_000,
    quorum: 'as a cluster',
    leaves: 1,
  },
  'mysql-key': { ...polled, freedBy: 'nobody', deadTtls: undefined },
  'mysql-key-lease': {
    ...polled,
    tokens: true,
    watchdog: true,
    lossSeen: 'watchdog',
    leaves: 1,
  },
  'mysql-get-lock': { ...byConnection, order: 'none' },
  'postgres-advisory': { ...byConnection },
};
