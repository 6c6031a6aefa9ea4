import { backendOf, LOCK_DRIVER_NAMES, LOCK_TRAITS, type LockDriverName } from '@app/lock';
import type { ServerName } from '../../local/services/services.js';

/** A lock that keeps processes apart. */
export type LabLock = Exclude<LockDriverName, 'local-mutex'>;
const keepsProcessesApart = (driver: LockDriverName): driver is LabLock =>
  LOCK_TRAITS[driver].excludes === 'processes';

/** The TTL that the store gives to a lease, in milliseconds. */
export const ttlOf = (driver: LabLock, ttl: number) => Math.max(ttl, LOCK_TRAITS[driver].leastTtl);

/** The shared servers of a lock. */
export const serversOf = (driver: LabLock): ServerName[] => [backendOf(driver)!];

/** Every lock, without the fence and, where it gives tokens, with it. */
export const WITH_AND_WITHOUT_FENCE = LOCK_DRIVER_NAMES.filter(keepsProcessesApart).flatMap((driver) =>
  LOCK_TRAITS[driver].tokens
    ? [
        { driver, fence: false },
        { driver, fence: true },
      ]
    : [{ driver, fence: false }],
);
