import { openShards, ServerUnusableError, type RedisServers, type Shards } from '@app/servers';
import { orderOf } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  startRedisCluster,
  stopRedisCluster,
  type RedisCluster,
} from '../../../local/services/redis-cluster.js';
import {
  Admissions,
  announce,
  checkoutWorkers,
  DeadLetters,
  keepShardCount,
  RestockReminders,
  restockWorkers,
  type QueuedOrder,
} from '../src/index.js';

const log = { warn: () => undefined };
const patient = { timeout: 20_000, interval: 50 };
const SHARDS = 6;

let cluster: RedisCluster;
let servers: RedisServers & { kind: 'cluster' };
let shards: Shards;
let admissions: Admissions;
beforeAll(async () => {
  cluster = await startRedisCluster(3, 0);
  const nodes = cluster.env.REDIS_CLUSTER_NODES!.split(',').map((node) => {
    const [host, port] = node.split(':') as [string, string];
    return { host, port: Number(port) };
  });
  const { REDIS_PASSWORD: password } = cluster.env;
  servers = { kind: 'cluster', nodes, password, tls: false, shards: SHARDS };
  shards = openShards(servers, { name: 'test', patience: 'work' }, log);
  admissions = new Admissions(shards, {
    idempotencyTtlSeconds: 60,
    maxBacklog: 1_000,
    maxBacklogOfSale: 1_000,
    lookUp: async (orders) => orders.map(() => 'first'),
    lookAtStock: () => Promise.reject(new Error('nothing is counted')),
  });
}, 60_000);
afterAll(async () => {
  shards.disconnect();
  await stopRedisCluster(cluster);
});

const settled = (order: QueuedOrder) =>
  announce(shards, [{ order, outcome: { status: 'reserved' } }]).then(() => order.orderId);

it('has all of a sale in one slot, whatever the sale: orders enter, are counted, found, worked on and settled', async () => {
  const orders = Array.from({ length: 60 }, () => orderOf(randomUUID()));
  expect(new Set(orders.map(({ saleId }) => shards.of(saleId))).size).toBe(SHARDS);
  const guests = (saleId: string) => `${shards.of(saleId).prefix}guests`;
  const admitted = orders.map((order, i) =>
    admissions.admit(order, i % 6 === 0 ? { guests: guests(order.saleId) } : {}),
  );
  const answers = await Promise.all(admitted);
  expect(answers).toEqual(orders.map((_, i) => (i % 6 === 0 ? 'not-admitted' : 'accepted')));
  expect(await admissions.backlog()).toBe(50);
  const { saleId, sku, orderId } = orders[1]!;
  expect(await admissions.pending(saleId, [sku])).toEqual(new Map([[sku, 1]]));
  expect(await admissions.find(orderId)).toMatchObject({ orderId });
  expect(await admissions.find(randomUUID())).toBeUndefined();

  const worked: string[] = [];
  const workers = checkoutWorkers(shards, async (order) => worked.push(await settled(order)), {
    maxOrders: 4_096,
  });
  await expect.poll(() => worked.length, patient).toBe(50);
  await expect.poll(() => admissions.backlog(), patient).toBe(0);
  await Promise.all(workers.map((worker) => worker.close()));
}, 60_000);

it('has no more orders in hand over all shards than over one, but for a job of each', async () => {
  let inHand = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const MOST = 128;
  const workers = checkoutWorkers(
    shards,
    async (order) => {
      most = Math.max(most, ++inHand);
      await new Promise<void>((resolve) => gates.push(resolve));
      inHand--;
      await settled(order);
    },
    { maxOrders: MOST },
  );
  const sales = Array.from({ length: 30 }, () => randomUUID());
  const ordersPerSale = 32;
  for (const saleId of sales)
    await Promise.all(Array.from({ length: ordersPerSale }, () => admissions.admit(orderOf(saleId))));
  const opening = setInterval(() => gates.splice(0).forEach((open) => open()), 20);
  await expect.poll(() => admissions.backlog(), patient).toBe(0);
  clearInterval(opening);
  expect(most).toBeLessThanOrEqual(MOST + SHARDS * 64);
  await Promise.all(workers.map((worker) => worker.close()));
}, 60_000);

it('reminds in the shard of the sale', async () => {
  const reminders = new RestockReminders(shards);
  const sales = Array.from({ length: 20 }, () => randomUUID());
  await Promise.all(sales.map((saleId) => reminders.remind([saleId], 0, { saleId, sku: 'hot' })));
  const restocked: string[] = [];
  const restock = async ({ orderIds }: { readonly orderIds: readonly string[] }) =>
    restocked.push(...orderIds) > 0;
  const workers = restockWorkers(shards, restock, { concurrency: 256 });
  await expect.poll(() => restocked.toSorted(), patient).toEqual(sales.toSorted());
  await Promise.all(workers.map((worker) => worker.close()));
}, 60_000);

it('lists dead letters of all shards, page by page, finds and drops them', async () => {
  const letters = new DeadLetters(shards);
  const orders = Array.from({ length: 30 }, () => orderOf(randomUUID()));
  await Promise.all(orders.map((order) => letters.keepRestock(order, new Error('no'))));
  const ids = (found: readonly { order: { orderId: string } }[]) =>
    found.map(({ order }) => order.orderId).toSorted();
  const all = orders.map(({ orderId }) => orderId).toSorted();
  expect(await letters.count()).toBe(30);
  expect(ids(await letters.list(1_000))).toEqual(all);
  expect((await letters.list(1)).length).toBeLessThan(30);
  expect(ids(await letters.find(all))).toEqual(all);
  await letters.drop(...all);
  expect(await letters.count()).toBe(0);
});

it('refuses another number of shards while orders are queued, and takes it once there are none', async () => {
  await keepShardCount(servers, log);
  const order = orderOf(randomUUID());
  await admissions.admit(order);
  const more = { ...servers, shards: 7 };
  await expect(keepShardCount(more, log)).rejects.toThrow(ServerUnusableError);
  await expect(keepShardCount(more, log)).rejects.toThrow(
    `REDIS_SHARDS cannot become 7: 1 orders are queued in ${SHARDS} shards`,
  );
  await keepShardCount(servers, log); // as before: the same number
  await settled(order);
  await keepShardCount(more, log);
  await keepShardCount(servers, log);
});
