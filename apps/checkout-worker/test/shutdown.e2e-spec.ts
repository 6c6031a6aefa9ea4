import { Locks } from '@app/lock';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { Stack } from '../../../tools/stack/stack.js';
import { Shopper } from './shopper.js';

let stack: Stack;
let shopper: Shopper;
let redis: Redis;
let locks: Locks;
beforeAll(async () => {
  const servers = { redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') };
  stack = new Stack({ ...servers, stop: async () => undefined });
  await stack.migrate();
  await stack.startApis(1);
  await stack.startWorkers(1);
  shopper = new Shopper(stack);
  redis = new Redis(servers.redisUrl);
  locks = new Locks({ redis });
});
afterAll(async () => {
  await locks.close();
  redis.disconnect();
  await stack.stop();
});

it('a worker that is told to end is alive and not ready until it has let go of its orders, and loses none', async () => {
  const worker = stack.workers[0]!;
  const status = async (path: string) => (await fetch(`${worker.url}${path}`)).status;
  const waiters = async () => /^lock_waiters.* 1$/m.test(await (await fetch(`${worker.url}/metrics`)).text());
  const saleId = await shopper.openSale('redis-setnx', 5);
  const lock = await locks.of('redis-setnx');
  let ended: Promise<void> | undefined;
  await lock.withLock(`${saleId}:hot`, { ttl: 60_000, wait: 0 }, async () => {
    await shopper.checkout(saleId, 'ann');
    await vi.waitFor(async () => expect(await waiters()).toBe(true), { timeout: 10_000 });
    expect(await status('/health/ready')).toBe(200);
    ended = worker.stop();
    await vi.waitFor(async () => expect(await status('/health/ready')).toBe(503), { timeout: 3_000 });
    expect(await status('/health/live')).toBe(200);
    await ended;
  });
  await worker.start();
  expect(await shopper.drained(saleId)).toMatchObject({ held: 1, pending: 0 });
}, 60_000);
