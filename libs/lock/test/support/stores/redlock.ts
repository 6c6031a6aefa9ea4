import { Redis } from 'ioredis';
import { startRedlockServers } from '../../../../../local/services/redis.js';
import { crashable } from './crashable.js';
import { footprintOf } from './redis.js';
import type { Store } from './store.js';

/** Independent Redis servers, of which a minority crashes. */
export async function redlockStore(): Promise<Store> {
  const servers = await startRedlockServers();
  const minority = servers.slice(0, Math.ceil(servers.length / 2) - 1);
  const admins = servers.map(({ url }) => new Redis(url).on('error', () => undefined));
  return {
    backends: { redlock: servers.map(({ url }) => url) },
    footprint: async () => {
      const each = await Promise.all(admins.map(footprintOf));
      const sum = (kind: 'keys' | 'connections') => each.reduce((total, one) => total + one[kind], 0);
      return { keys: sum('keys'), connections: sum('connections') };
    },
    loseLock: async (resource) => {
      await Promise.all(admins.map((admin) => admin.del(`lock:redlock:{${resource}}`)));
    },
    ...crashable('REDLOCK_URLS', minority),
    stop: async () => {
      for (const admin of admins) admin.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
