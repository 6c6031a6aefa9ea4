import { createClient } from 'redis';
import { createClient as createClient4 } from 'redis-4';
import redisLock from 'redis-lock';
import { lock } from 'simple-redis-mutex';
import type { Open } from '../adapter.js';

/** `redis-lock`: `lock(name, timeout)` resolves to what releases it. It waits as long as it takes, and knows version 4 of the client only. */
export const openRedisLock: Open = async (url) => {
  const client = createClient4({ url }).on('error', () => undefined);
  await client.connect();
  const take = redisLock(client);
  return {
    acquire: async (resource, { ttl }) => ({ release: await take(resource, ttl) }),
    close: () => client.disconnect(),
  };
};

/** `simple-redis-mutex`: `lock(redis, name)`, with the fencing token of its release function. */
export const openSimpleRedisMutex: Open = async (url) => {
  const redis = await createClient({ url })
    .on('error', () => undefined)
    .connect();
  return {
    acquire: async (resource, { ttl: timeout, wait: failAfter }) => {
      const release = await lock(redis, resource, { timeout, failAfter });
      return { token: BigInt(release.fencingToken), release };
    },
    close: () => redis.destroy(),
  };
};
