import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startPrivateRedis } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { Api } from './support/api.js';

let server: Service;
let api: Api;
let redis: Redis;
beforeAll(async () => {
  server = await startPrivateRedis();
});
beforeEach(async () => {
  api = await Api.start({ REDIS_URL: server.url });
  redis = new Redis(server.url);
});
afterEach(async () => {
  redis.disconnect();
  await api.stop();
});
afterAll(() => server.stop());

it('a script flush is not noticed', async () => {
  const { id } = await api.sale();
  await api.checkout(id).expect(202);
  for (let i = 0; i < 3; i++) {
    await redis.script('FLUSH');
    await api.checkout(id).expect(202);
  }
  expect(await api.admissions.backlog()).toBe(4);
});

it('neither is the flush of the scripts of one part only', async () => {
  const { id } = await api.sale();
  await api.checkout(id).expect(202);
  await redis.script('FLUSH');
  await api.queue.add('x', { orders: [] }); // BullMQ's are there again, ours are not
  await api.checkout(id).expect(202);
});

it('a busy script that is killed leaves nothing behind', async () => {
  const { id } = await api.sale();
  await redis.script('FLUSH'); // the first that this API sends of its scripts is refused
  await redis.config('SET', 'busy-reply-threshold', '100');
  const busy = redis.eval('while true do end', 0).catch((error: Error) => error.message);
  await api.checkout(id).expect(503);
  const killer = new Redis(server.url, { enableReadyCheck: false });
  await killer.script('KILL');
  killer.disconnect();
  expect(await busy).toMatch(/killed/i);
  await api.checkout(id).expect(202);
  await api.checkout(id).expect(202);
});
