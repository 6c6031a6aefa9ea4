import { createClient } from 'redis';
import { lock } from 'simple-redis-mutex';
import type { Open } from '../adapter.js';

/** `lock(redis, name)`, with the fencing token of its release function. */
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
