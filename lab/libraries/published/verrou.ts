import { Verrou } from '@verrou/core';
import { knexStore } from '@verrou/core/drivers/knex';
import knex from 'knex';
import type { Open } from '../adapter.js';

function open(url: string, asks: boolean): ReturnType<Open> {
  const connection = knex({ client: 'mysql2', connection: url });
  const verrou = new Verrou({ default: 'knex', stores: { knex: { driver: knexStore({ connection }) } } });
  return {
    acquire: async (resource, { ttl, wait: timeout }) => {
      const lock = verrou.createLock(resource, ttl);
      if (!(await lock.acquire({ retry: { timeout } }))) throw new Error('not acquired');
      return { ...(asks && { isLost: () => lock.isExpired() }), release: () => lock.release() };
    },
    close: () => connection.destroy(),
  };
}

/** `verrou.createLock(name, ttl)`, `acquire` and `release`, with its table in MySQL. */
export const openVerrou: Open = (url) => open(url, false);

/** And `isExpired` asked before the write. */
export const openVerrouAsked: Open = (url) => open(url, true);
