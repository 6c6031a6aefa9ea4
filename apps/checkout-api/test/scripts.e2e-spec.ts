import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startPrivateRedis } from '../../../tools/services/redis.js';
import type { Service } from '../../../tools/services/service.js';
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
  await redis.script('FLUSH');
  await api.admissions.queue.add('x', { orders: [] }); // BullMQ's are there again, ours are not
  await api.checkout(id).expect(202);
});

it('a busy script that is killed leaves nothing behind', async () => {
  const { id } = await api.sale();
  await redis.config('SET', 'busy-reply-threshold', '100');
  const busy = redis.eval('while true do end', 0).catch((error: Error) => error.message);
  const answers = Array.from({ length: 8 }, () => api.checkout(id));
  const killer = new Redis(server.url, { enableReadyCheck: false });
  await vi.waitFor(() => killer.script('KILL'), { timeout: 5_000 });
  expect(await busy).toMatch(/killed/i);
  killer.disconnect();
  for (const { status } of await Promise.all(answers)) expect([202, 503]).toContain(status);
  for (let i = 0; i < 3; i++) await api.checkout(id).expect(202);
});
