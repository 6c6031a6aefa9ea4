import { afterAll, beforeAll, inject, it } from 'vitest';
import { startPrivateRedis } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { Stack } from '../../../local/stack/stack.js';
import { Stampede } from './stampede.js';

let redis: Service;
let stack: Stack;
beforeAll(async () => {
  redis = await startPrivateRedis('always'); // the setting under which Redis confirms nothing that it could forget
  const services = { redisUrl: redis.url, databaseUrl: inject('databaseUrl'), stop: () => redis.stop() };
  stack = new Stack(services, { LOCK_TTL_MS: '2000', JOB_LOCK_MS: '2000' });
  await stack.migrate();
  await stack.startApis(2);
  await stack.startWorkers(2);
}, 60_000);
afterAll(() => stack.stop());

it('SIGKILL of Redis under load loses no accepted order: its AOF has the queue, the locks and their tokens', async () => {
  // Buyers try until they have an answer, so it has to come back before they end.
  const returning = { start: () => Promise.resolve(), crash: () => redis.kill().then(() => redis.start()) };
  await new Stampede(stack).survives('redis', [returning], ({ crash }) => crash());
}, 120_000);
