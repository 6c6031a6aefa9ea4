import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../../../../tools/services/redis.js';
import type { Store } from './store.js';

/** A Redis of the suite's own. */
export async function redisStore(): Promise<Store> {
  const server = await startPrivateRedis();
  const redis = new Redis(server.url);
  redis.on('error', () => undefined);
  const keysOf = (resource: string) => redis.keys(`lock:*{${resource}}*`);
  return {
    backends: { redis: server.url },
    footprint: async () => ({
      keys: await redis.dbsize(),
      connections: ((await redis.client('LIST')) as string).trim().split('\n').length - 1,
    }),
    loseLock: async (resource) => {
      const keys = await keysOf(resource);
      await redis.del(keys.filter((key) => key.endsWith('}')));
    },
    waiters: async (resource) => redis.llen(`lock:{${resource}}:queue`),
    kill: server.kill,
    start: server.start,
    stop: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
}

/** For a driver that needs no server. */
export const noStore = async (): Promise<Store> => ({
  backends: {},
  footprint: async () => ({}),
  stop: async () => undefined,
});
