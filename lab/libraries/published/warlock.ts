import warlock from 'node-redis-warlock';
import { promisify } from 'node:util';
import type { Open } from '../adapter.js';
import { clientOf } from './clients.js';

/** Between two tries, in milliseconds. */
const RETRY_MS = 50;

/** `warlock.optimistic(key, ttl, maxAttempts, wait, callback)`. */
export const openWarlock: Open = (url) => {
  const { client, close } = clientOf(url);
  const locks = warlock(client);
  const optimistic = promisify(locks.optimistic.bind(locks));
  return {
    acquire: async (resource, { ttl, wait }) => {
      const unlock = await optimistic(resource, ttl, Math.ceil(wait / RETRY_MS), RETRY_MS);
      return { release: async () => (await promisify(unlock)()) === 1 };
    },
    close,
  };
};
