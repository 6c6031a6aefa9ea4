import { Redlock } from '@sesamecare-oss/redlock';
import type { Open } from '../adapter.js';
import { clientsOf } from './clients.js';
import { heldWhile } from './held-while.js';

/** Its default. */
const RETRY_DELAY_MS = 200;

/** Only the acquisition tries for as long as it is asked to; an extension or a release, as long as the library does by itself. */
const trying = (wait: number) => ({ retryCount: Math.ceil(wait / RETRY_DELAY_MS) });

function connect(url: string) {
  const { clients, close } = clientsOf(url);
  const redlock = new Redlock(clients).on('error', () => undefined);
  return { redlock, close };
}

/** `redlock.acquire([resource], ttl)` and `lock.release()`. */
export const openAcquire: Open = (url) => {
  const { redlock, close } = connect(url);
  return {
    acquire: async (resource, { ttl, wait }) => {
      const lock = await redlock.acquire([resource], ttl, trying(wait));
      return { release: () => lock.release() };
    },
    close,
  };
};

/** `redlock.using([resource], ttl, async (signal) => ...)`. */
export const openUsing: Open = (url) => {
  const { redlock, close } = connect(url);
  return {
    acquire: (resource, { ttl, wait }) =>
      heldWhile((work) => redlock.using([resource], ttl, trying(wait), work)),
    close,
  };
};
