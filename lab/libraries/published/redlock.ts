import Redlock from 'redlock';
import type { Open } from '../adapter.js';
import { clientsOf } from './clients.js';

/** Its default. */
const RETRY_DELAY_MS = 200;

/** `redlock.lock(resource, ttl)`, with one client for each URL. */
export const openRedlock: Open = (url) => {
  const { clients, close } = clientsOf(url);
  return {
    acquire: async (resource, { ttl, wait }) => {
      const redlock = new Redlock(clients, { retryCount: Math.ceil(wait / RETRY_DELAY_MS) });
      const lock = await redlock.lock(resource, ttl);
      return { release: async () => lock.unlock() };
    },
    close,
  };
};
