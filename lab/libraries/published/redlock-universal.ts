import { createLock, createRedlock, IoredisAdapter } from 'redlock-universal';
import type { Open } from '../adapter.js';
import { clientOf, clientsOf } from './clients.js';
import { heldWhile } from './held-while.js';

/** Its default of a lock on one server, and of one on several. */
const [RETRY_DELAY_MS, REDLOCK_RETRY_DELAY_MS] = [100, 200];

/** `createLock({ adapter, key, ttl })`, `acquire` and `release`. */
export const openAcquire: Open = (url) => {
  const { client, close } = clientOf(url);
  const adapter = new IoredisAdapter(client);
  return {
    acquire: async (key, { ttl, wait }) => {
      const lock = createLock({ adapter, key, ttl, retryAttempts: Math.ceil(wait / RETRY_DELAY_MS) });
      const handle = await lock.acquire();
      return { release: () => lock.release(handle) };
    },
    close,
  };
};

/** `createRedlock({ adapters, key, ttl })` and `using`. */
export const openUsing: Open = (url) => {
  const { clients, close } = clientsOf(url);
  const adapters = clients.map((client) => new IoredisAdapter(client));
  return {
    acquire: (key, { ttl, wait }) => {
      const retryAttempts = Math.ceil(wait / REDLOCK_RETRY_DELAY_MS);
      const lock = createRedlock({ adapters, key, ttl, retryAttempts });
      return heldWhile((work) => lock.using(work));
    },
    close,
  };
};
