import { Locks, type LockDriverName } from '@app/lock';
import { backendsOf } from '../../servers.js';
import { WITHOUT_END, type Locker, type Subject } from './locker.js';

/** A driver of libs/lock behind its public face. Unless told otherwise, one that gives tokens allows early takeover. */
export async function openDriver(
  name: LockDriverName,
  { servers, resource, ttl }: Subject,
  fence = true,
): Promise<Locker> {
  const backends = backendsOf(servers);
  const locks = new Locks(backends);
  const lock = await locks.of(name);
  const options = { ttl, wait: WITHOUT_END };
  const givesTokens = await lock.withLock(resource, options, async ({ token }) => token !== undefined);
  const earlyTakeover = fence && givesTokens;
  return {
    run: (work, signal) => lock.withLock(resource, { ...options, earlyTakeover, signal }, work),
    close: async () => {
      await locks.close();
      backends.redis?.disconnect();
    },
  };
}
