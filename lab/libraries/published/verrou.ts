import { Verrou } from '@verrou/core';
import { knexStore } from '@verrou/core/drivers/knex';
import knex from 'knex';
import type { Open } from '../adapter.js';
import { retry } from './retry.js';

function open(url: string, asks: boolean): ReturnType<Open> {
  const connection = knex({ client: 'mysql2', connection: url });
  const verrou = new Verrou({ default: 'knex', stores: { knex: { driver: knexStore({ connection }) } } });
  return {
    acquire: async (resource, { ttl, wait: timeout }) => {
      const lock = verrou.createLock(resource, ttl);
      await retry(timeout, () => lock.acquire({ retry: { timeout } }).catch(unlessDeadlock));
      return { ...(asks && { isLost: () => lock.isExpired() }), release: () => lock.release() };
    },
    close: () => connection.destroy(),
  };
}

/** MySQL chooses a victim among those who want a lock that ran out; it says to try again, and the library leaves that to its caller. */
function unlessDeadlock(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'ER_LOCK_DEADLOCK') throw error;
}

/** `verrou.createLock(name, ttl)`, `acquire` and `release`, with its table in MySQL. */
export const openVerrou: Open = (url) => open(url, false);

/** And `isExpired` asked before the write. */
export const openVerrouAsked: Open = (url) => open(url, true);
