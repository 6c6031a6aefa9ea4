import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../../../../local/services/redis.js';
import type { Store } from './store.js';

/** A Redis of the suite's own. */
export async function redisStore(): Promise<Store> {
  const server = await startPrivateRedis();
  const admin = new Redis(server.url).on('error', () => undefined);
  return {
    backends: { redis: server.url },
    footprint: () => footprintOf(admin),
    loseLock: async (resource) => void (await admin.del(`lock:{${resource}}`, `lock:setnx:{${resource}}`)),
    waiters: (resource) => admin.llen(`lock:{${resource}}:queue`),
    kill: () => server.kill(),
    start: () => server.start(),
    forget: async () => void (await admin.flushall()),
    stop: async () => {
      admin.disconnect();
      await server.stop();
    },
  };
}

export async function footprintOf(admin: Redis) {
  const clients = (await admin.client('LIST')) as string;
  return { keys: await admin.dbsize(), connections: clients.trim().split('\n').length - 1 };
}

/** For a driver that needs no server. */
export const noStore = async (): Promise<Store> => ({
  backends: {},
  footprint: async () => ({}),
  stop: async () => undefined,
});
