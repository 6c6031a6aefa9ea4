import { backendOf, type LockDriverName } from '@app/lock';
import type { ServerName } from '../../../../tools/services/services.js';

/** What gives the lock of a vanished holder to others. */
type FreedBy = 'ttl' | 'session' | 'connection' | 'nobody';

interface LockTraits {
  readonly freedBy: FreedBy;
  /** Its leases carry fencing tokens. */
  readonly tokens: boolean;
  /** The shortest lease that its store makes, in milliseconds. */
  readonly leastTtl?: number;
  /** How many of its TTLs may pass before the store ends the lease of a vanished holder, where it is more than one. */
  readonly ttls?: number;
  /** Fenced waiters do not sit out the TTL of a holder whose process is gone. */
  readonly takesOver?: boolean;
}

/** The locks that keep processes apart, and what the experiments have to know of them. */
const LOCKS = {
  'redis-setnx': { freedBy: 'ttl', tokens: false },
  redis: { freedBy: 'ttl', tokens: true, takesOver: true },
  redlock: { freedBy: 'ttl', tokens: false },
  etcd: { freedBy: 'session', tokens: true },
  zookeeper: { freedBy: 'session', tokens: true },
  consul: { freedBy: 'session', tokens: true, leastTtl: 10_000, ttls: 2 },
  'mysql-key': { freedBy: 'nobody', tokens: false },
  'mysql-key-lease': { freedBy: 'ttl', tokens: true },
  'mysql-get-lock': { freedBy: 'connection', tokens: false },
  'postgres-advisory': { freedBy: 'connection', tokens: false },
} as const satisfies Partial<Record<LockDriverName, LockTraits>>;

export type LabLock = keyof typeof LOCKS;
const LOCK_NAMES = Object.keys(LOCKS) as LabLock[];

export const traitsOf = (driver: LabLock): LockTraits => LOCKS[driver];

/** The TTL that the store gives to a lease, in milliseconds. */
export const ttlOf = (driver: LabLock, ttl: number) => Math.max(ttl, traitsOf(driver).leastTtl ?? 0);

/** A lease that its holder does not prolong runs out by the store's clock. */
export function isFreedByClock(driver: LabLock): boolean {
  const { freedBy } = traitsOf(driver);
  return freedBy === 'ttl' || freedBy === 'session';
}

/** The shared servers of a lock. */
export const serversOf = (driver: LabLock): ServerName[] => [backendOf(driver)!];

/** Every lock, without the fence and, where it gives tokens, with it. */
export const WITH_AND_WITHOUT_FENCE = LOCK_NAMES.flatMap((driver) =>
  traitsOf(driver).tokens
    ? [
        { driver, fence: false },
        { driver, fence: true },
      ]
    : [{ driver, fence: false }],
);
