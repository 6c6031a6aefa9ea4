import { poolOf } from '@app/database';
import { CriticalSection, lookAtStock, type Sale, type StrategyName } from '@app/inventory';
import { oneShard } from '@app/servers';
import { orderOf, Shop } from '@app/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { Admissions, announce, giveBack, keysOf, type QueuedOrder } from '../src/index.js';

const redis = new Redis(inject('redisUrl'), { db: 9 });
const shards = oneShard(redis);
let shop: Shop;
let admissions: Admissions;
beforeAll(async () => {
  shop = await Shop.open(inject('databaseUrl'));
  admissions = new Admissions(shards, {
    idempotencyTtlSeconds: 60,
    maxBacklog: 1_000,
    maxBacklogOfSale: 1_000,
    lookUp: async (orders) => orders.map(() => 'first'),
    lookAtStock: (sku, orderIds) => lookAtStock(poolOf(shop.dataSource), sku, orderIds),
  });
});
beforeEach(() => redis.flushdb());
afterAll(async () => {
  redis.disconnect();
  await shop.close();
});

const FORMS = [
  ['one-step', 'redis-counter'],
  ['two-steps', 'redis-counter-two-steps'],
] as const;
const saleOf = (
  stock: number,
  strategy: StrategyName = 'redis-counter',
  perBuyerLimit: number | null = null,
) => shop.sale({ hot: stock }, strategy, perBuyerLimit);
const ordersOf = ({ id, strategy }: Sale, count: number, order: Partial<QueuedOrder> = {}): QueuedOrder[] => {
  const counter = strategy === 'redis-counter' ? 'one-step' : 'two-steps';
  return Array.from({ length: count }, () => ({ ...orderOf(id, order), counter }));
};
const admit = (orders: readonly QueuedOrder[]) => Promise.all(orders.map((order) => admissions.admit(order)));
/** As a worker does it. */
async function settle({ id: saleId, perBuyerLimit, strategy }: Sale, orders: readonly QueuedOrder[]) {
  const write = strategy === 'redis-counter' ? 'conditional' : 'unchecked';
  const target = { saleId, sku: 'hot', write, perBuyerLimit } as const;
  const { outcomes } = await new CriticalSection(poolOf(shop.dataSource), target).settle(orders);
  return orders.map((order, i) => ({ order, outcome: outcomes[i]! }));
}
const counterOf = ({ id }: Sale) => keysOf().counter(id, 'hot');
const leftOf = async (sale: Sale) => Number(await redis.hget(counterOf(sale), 'left'));
const recount = ({ id: saleId }: Sale) => admissions.recount({ saleId, sku: 'hot' });
const accepted = (answers: readonly string[]) => answers.filter((answer) => answer === 'accepted').length;

it.each(FORMS)(
  'gives each unit to one order, and says at once that nothing is left (%s)',
  async (_, name) => {
    const sale = await saleOf(10, name);
    const orders = ordersOf(sale, 40);
    expect(accepted(await admit(orders))).toBe(10);
    expect(await admissions.backlog()).toBe(10);
    const again = await admit(orders);
    expect(again.filter((answer) => answer === 'queued')).toHaveLength(10);
    expect(again.filter((answer) => answer === 'sold-out')).toHaveLength(30);
    expect(await leftOf(sale)).toBe(0);
  },
);

it.each(FORMS)(
  'takes the units of an order once, however often it is sent at a time (%s)',
  async (_, name) => {
    const sale = await saleOf(10, name);
    const [order] = ordersOf(sale, 1, { quantity: 3 }) as [QueuedOrder];
    await admit(Array.from({ length: 20 }, () => order));
    expect(await leftOf(sale)).toBe(7);
  },
);

it('lets a smaller order in where a larger one does not fit', async () => {
  const sale = await saleOf(3);
  expect(await admit(ordersOf(sale, 1, { quantity: 4 }))).toEqual(['insufficient']);
  expect(await admit(ordersOf(sale, 1, { quantity: 3 }))).toEqual(['accepted']);
});

it.each(FORMS)(
  'has the units of a refused order back once, however often it is settled (%s)',
  async (_, name) => {
    const sale = await saleOf(5, name, 1);
    const orders = ordersOf(sale, 1, { buyerId: 'ann' }).concat(
      ordersOf(sale, 1, { buyerId: 'ann', idempotencyKey: 'another' }),
    );
    await admit(orders);
    expect(await leftOf(sale)).toBe(3);
    await announce(shards, await settle(sale, orders));
    await announce(shards, await settle(sale, orders)); // its worker had died before the job ended
    expect(await leftOf(sale)).toBe(4);
  },
);

it('is made anew from Postgres once Redis has lost it, and from what is queued', async () => {
  const sale = await saleOf(10);
  const orders = ordersOf(sale, 4);
  await admit(orders);
  await settle(sale, orders);
  await redis.flushdb();
  expect(accepted(await admit(ordersOf(sale, 3)))).toBe(3);
  await redis.del(counterOf(sale));
  expect(accepted(await admit(ordersOf(sale, 9)))).toBe(3);
});

it('is put right, whatever its orders have come to', async () => {
  const sale = await saleOf(10, 'redis-counter', 1);
  const [told, untold, queued] = [
    ordersOf(sale, 2),
    ['key', 'another'].flatMap((idempotencyKey) => ordersOf(sale, 1, { buyerId: 'ann', idempotencyKey })),
    ordersOf(sale, 2),
  ];
  await admit([...told, ...untold, ...queued]);
  await announce(shards, await settle(sale, told));
  const late = await settle(sale, untold); // of the two one is refused
  for (const off of [-3, 0, 3]) {
    await redis.hincrby(counterOf(sale), 'left', off);
    await recount(sale);
    expect(await leftOf(sale)).toBe(5);
  }
  await announce(shards, late);
  expect(await leftOf(sale)).toBe(5);
  expect(await recount(sale)).toBe(0);
});

it('stays as it is where orders are settled while it is compared', async () => {
  const sale = await saleOf(10);
  const orders = ordersOf(sale, 2);
  await admit(orders);
  const racing = new Admissions(shards, {
    idempotencyTtlSeconds: 60,
    maxBacklog: 1_000,
    maxBacklogOfSale: 1_000,
    lookUp: async () => [],
    lookAtStock: async (sku, orderIds) => {
      const seen = await lookAtStock(poolOf(shop.dataSource), sku, orderIds);
      await announce(shards, await settle(sale, orders));
      return seen;
    },
  });
  expect(await racing.recount({ saleId: sale.id, sku: 'hot' })).toBeUndefined();
  expect(await leftOf(sale)).toBe(8);
});

it('has units that came back once, though it was counted after they did and before that was told', async () => {
  const sale = await saleOf(4);
  const orders = ordersOf(sale, 4);
  await admit(orders);
  await announce(shards, await settle(sale, orders));
  await shop.makeDue(orders.slice(0, 2));
  const target = { saleId: sale.id, sku: 'hot', write: 'conditional', perBuyerLimit: null } as const;
  const section = new CriticalSection(poolOf(shop.dataSource), target);
  const [early, late] = [orders[0]!, orders[1]!];
  const first = await section.restock([early.orderId]);
  expect(await recount(sale)).toBe(1);
  await giveBack(shards, late, [first]);
  expect(await leftOf(sale)).toBe(1);
  await giveBack(shards, late, [await section.restock([late.orderId])]);
  expect(await leftOf(sale)).toBe(2);
});

it('sells nothing twice though it is too high: Postgres refuses, and without that it does', async () => {
  for (const [name, held] of [
    ['redis-counter', 5],
    ['redis-counter-two-steps', 8],
  ] as const) {
    const sale = await saleOf(5, name);
    const before = ordersOf(sale, 5);
    await admit(before);
    await announce(shards, await settle(sale, before));
    await redis.hset(counterOf(sale), 'left', 3); // as where a failover has forgotten three orders
    const orders = ordersOf(sale, 5);
    const answers = await admit(orders);
    const letIn = orders.filter((_, i) => answers[i] === 'accepted');
    expect(letIn).toHaveLength(3);
    await announce(shards, await settle(sale, letIn));
    expect(await shop.totalOf(sale)).toMatchObject({ held, oversold: held - 5, lostUpdates: 0 });
  }
});
