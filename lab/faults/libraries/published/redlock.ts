import { Redis } from 'ioredis';
import Redlock from 'redlock';
import type { Open } from '../adapter.js';

/** Its default. */
const RETRY_DELAY_MS = 200;

/** `redlock.lock(resource, ttl)`, with one client for each URL. */
export const openRedlock: Open = (url) => {
  const clients = url.split(',').map((one) => new Redis(one).on('error', () => undefined));
  return {
    acquire: async (resource, { ttl, wait }) => {
      const redlock = new Redlock(clients, { retryCount: Math.ceil(wait / RETRY_DELAY_MS) });
      const lock = await redlock.lock(resource, ttl);
      return { release: async () => lock.unlock() };
    },
    close: () => clients.forEach((client) => client.disconnect()),
  };
};
