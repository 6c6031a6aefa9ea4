import { createClient } from 'redis-4';
import redisLock from 'redis-lock';
import type { Open } from '../adapter.js';

/** `lock(name, timeout)` resolves to what releases it. It waits as long as it takes, and knows version 4 of the client only. */
export const openRedisLock: Open = async (url) => {
  const client = createClient({ url }).on('error', () => undefined);
  await client.connect();
  const take = redisLock(client);
  return {
    acquire: async (resource, { ttl }) => ({ release: await take(resource, ttl) }),
    close: () => client.disconnect(),
  };
};
