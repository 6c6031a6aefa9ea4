import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  startSafeRedis,
  stopReplicatedRedis,
  successorOf,
  type ReplicatedRedis,
} from '../../../local/services/redis-sentinel.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Stampede } from './stampede.js';
import { startedOnReplicas } from './support/started-stack.js';

/** Of 503, from the kill of the primary until an order is accepted again: the Sentinels wait 1 s; a busy machine takes longer. */
const REFUSED_MS = 30_000;

let redis: ReplicatedRedis;
let stack: Stack;
beforeAll(async () => {
  redis = await startSafeRedis();
  const stop = () => stopReplicatedRedis(redis);
  stack = await startedOnReplicas({
    redisUrl: redis.primary.url,
    redisEnv: redis.env,
    databaseUrl: inject('databaseUrl'),
    stop,
  });
}, 120_000);
afterAll(() => stack.stop());

it('SIGKILL of the primary under load loses no accepted order, and the same processes go on with the next one', async () => {
  const stampede = new Stampede(stack);
  let refusedMs = Infinity;
  const primary = {
    start: () => redis.primary.start(), // which the Sentinels make a replica
    kill: async () => {
      const saleId = await stampede.shopper.openSale('redis', 1);
      const begun = performance.now();
      await redis.primary.kill();
      await stampede.shopper.checkout(saleId, 'buyer');
      refusedMs = performance.now() - begun;
      await successorOf(redis);
    },
  };
  await stampede.survives('redis', [primary], ({ kill }) => kill());
  expect(refusedMs).toBeLessThan(REFUSED_MS);
  await stampede.sellsExactly('redis-setnx');
}, 240_000);
