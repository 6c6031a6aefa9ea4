import { Redlock } from '@sesamecare-oss/redlock';
import { Redis } from 'ioredis';
import type { Open } from '../adapter.js';
import { heldWhile } from './held-while.js';

/** Its default. */
const RETRY_DELAY_MS = 200;

function clientsOf(url: string) {
  const clients = url.split(',').map((one) => new Redis(one).on('error', () => undefined));
  const redlockFor = (wait: number) => {
    const redlock = new Redlock(clients, { retryCount: Math.ceil(wait / RETRY_DELAY_MS) });
    return redlock.on('error', () => undefined);
  };
  return { redlockFor, close: () => clients.forEach((client) => client.disconnect()) };
}

/** `redlock.acquire([resource], ttl)` and `lock.release()`. */
export const openAcquire: Open = (url) => {
  const { redlockFor, close } = clientsOf(url);
  return {
    acquire: async (resource, { ttl, wait }) => {
      const lock = await redlockFor(wait).acquire([resource], ttl);
      return { release: () => lock.release() };
    },
    close,
  };
};

/** `redlock.using([resource], ttl, async (signal) => ...)`. */
export const openUsing: Open = (url) => {
  const { redlockFor, close } = clientsOf(url);
  return {
    acquire: (resource, { ttl, wait }) => heldWhile((work) => redlockFor(wait).using([resource], ttl, work)),
    close,
  };
};
