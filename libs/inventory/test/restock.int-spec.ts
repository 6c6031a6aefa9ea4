import { poolOf } from '@app/database';
import type { OrderRequest } from '@app/orders';
import { orderOf, Shop } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CriticalSection } from '../src/section/critical-section.js';
import { FencedOffError } from '../src/section/errors.js';
import {
  dueOf,
  OverdueOrders,
  type Restocked,
  type Reservations,
  type Sale,
  PlainStore,
  type StockStore,
} from '../src/index.js';
import { leaseWith } from './support/lease.js';
import { SOUND, TestServers } from './support/workers.js';

let shop: Shop;
let other: Shop;
const servers = new TestServers();
const { worker, safe } = servers;
beforeAll(async () => {
  shop = await servers.openShop();
  other = await servers.openShop();
});
afterAll(() => servers.close());
const HOUR = 3_600;

const saleOf = (
  stock: number,
  strategy: Sale['strategy'] = 'redis',
  stripes = 1,
  limit: number | null = null,
) => shop.sale({ hot: stock }, strategy, limit, stripes, HOUR);
const ordersOf = (sale: Sale, count: number) => Array.from({ length: count }, () => orderOf(sale.id));
const reserve = (orders: readonly OrderRequest[], by: Reservations<OrderRequest>, sale: Sale) =>
  Promise.all(orders.map((order) => by.reserve(order, sale)));
const restock = (orders: readonly OrderRequest[], by: Reservations<OrderRequest>, sale: Sale) =>
  Promise.all(orders.map((order) => by.restock(order, sale)));
const statusesOf = async (orders: readonly OrderRequest[]) => {
  const rows = await shop.dataSource.query<{ status: string }[]>(
    'SELECT status FROM orders WHERE id = ANY ($1::uuid[])',
    [orders.map(({ orderId }) => orderId)],
  );
  return rows.map(({ status }) => status);
};

describe.each(safe.flatMap((name) => [1, 4].map((stripes) => ({ name, stripes }))))(
  '$name, stripes: $stripes',
  ({ name, stripes }) => {
    it('gives each unit back once, whoever else tries it, and sells it again', async () => {
      const sale = await saleOf(40, name, stripes);
      const workers = [worker(shop, 8), worker(other, 8)] as const;
      const orders = ordersOf(sale, 40);
      await reserve(orders, workers[0], sale);
      await shop.makeDue(orders);
      await Promise.all(workers.map((each) => restock(orders, each, sale)));
      expect(await shop.totalOf(sale)).toMatchObject({ available: 40, held: 0, ...SOUND });
      const outcomes = await reserve(ordersOf(sale, 48), workers[1], sale);
      expect(outcomes.filter(({ status }) => status === 'reserved')).toHaveLength(40);
      expect(await shop.totalOf(sale)).toMatchObject({ available: 0, held: 40, ...SOUND });
    });

    it('loses nothing while units go and come at the same time', async () => {
      const sale = await saleOf(20, name, stripes);
      const buyers = [worker(shop, 4), worker(other, 4)].flatMap((each) =>
        Array.from({ length: 6 }, async () => {
          for (let i = 0; i < 4; i++) {
            const order = orderOf(sale.id);
            await each.reserve(order, sale);
            await shop.makeDue([order]);
            await each.restock(order, sale);
          }
        }),
      );
      await Promise.all(buyers);
      expect(await shop.totalOf(sale)).toMatchObject({
        available: 20,
        held: 0,
        lostUpdates: 0,
        conserved: true,
      });
    });
  },
);

it('none loses units that come back, too', async () => {
  const sale = await saleOf(100_000, 'none');
  const wanderers = [worker(shop, 1), worker(other, 1)].flatMap((each) =>
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 20; i++) {
        const order = orderOf(sale.id);
        await each.reserve(order, sale);
        await shop.makeDue([order]);
        await each.restock(order, sale);
      }
    }),
  );
  await Promise.all(wanderers);
  // Not that the numbers disagree: a lost sale and a lost return make up for each other.
  expect((await shop.totalOf(sale)).lostUpdates).toBeGreaterThan(0);
});

it('has an end only in a sale that gives one', async () => {
  const forever = await shop.sale({ hot: 5 }, 'redis');
  const limited = await saleOf(5);
  const orders = [orderOf(forever.id), orderOf(limited.id)] as const;
  const reservations = worker(shop, 8);
  await reservations.reserve(orders[0], forever);
  await reservations.reserve(orders[1], limited);
  const rows = await shop.dataSource.query<{ seconds: number | null }[]>(
    `SELECT extract(epoch FROM expires_at - settled_at)::int AS seconds
     FROM orders WHERE id = ANY ($1::uuid[]) ORDER BY expires_at`,
    [orders.map(({ orderId }) => orderId)],
  );
  expect(rows).toEqual([{ seconds: HOUR }, { seconds: null }]);
});

it('ends only what is due: neither early, nor paid, nor of another SKU', async () => {
  const sale = await saleOf(5);
  const [early, paid, due] = ordersOf(sale, 3) as [OrderRequest, OrderRequest, OrderRequest];
  const reservations = worker(shop, 8);
  await reserve([early, paid, due], reservations, sale);
  await shop.makeDue([paid, due]);
  await shop.dataSource.query(`UPDATE orders SET status = 'paid' WHERE id = $1`, [paid.orderId]);
  expect(await dueOf(poolOf(shop.dataSource), [early.orderId, paid.orderId, due.orderId])).toEqual([
    { orderId: due.orderId, saleId: sale.id, sku: 'hot' },
  ]);
  const elsewhere = await saleOf(5);
  await restock([due], reservations, elsewhere); // a restock that names the wrong order of a sale changes nothing
  await restock([early, paid, due], reservations, sale);
  expect((await statusesOf([early, paid, due])).sort()).toEqual(['expired', 'paid', 'reserved']);
  expect(await shop.totalOf(sale)).toMatchObject({ available: 3, held: 1, sold: 1, conserved: true });
});

it('tells what ended and how, and writes one movement of negative units for it', async () => {
  const sale = await saleOf(5);
  const told: [string, string, Restocked][] = [];
  const reservations = worker(shop, 8, { onRestock: async (...ended) => void told.push(ended) });
  const [a, b] = ordersOf(sale, 2) as [OrderRequest, OrderRequest];
  await reserve([a, b], reservations, sale);
  await shop.makeDue([a]);
  await shop.makeDue([b], true);
  await restock([a, b], reservations, sale);
  const ended = [
    { orderId: a.orderId, status: 'expired' },
    { orderId: b.orderId, status: 'cancelled' },
  ];
  expect(told).toEqual([[sale.id, 'hot', { stripe: 0, version: '2', ended: expect.arrayContaining(ended) }]]);
  const movements = await shop.dataSource.query(
    'SELECT units, before, after FROM stock_movements WHERE sale_id = $1 ORDER BY id',
    [sale.id],
  );
  expect(movements).toEqual([
    { units: 2, before: 5, after: 3 },
    { units: -2, before: 3, after: 5 },
  ]);
  await restock([a, b], reservations, sale); // again: its job is delivered at least once
  expect(told).toHaveLength(1);
});

it('gives to those who wait in the same hold what just came back', async () => {
  const sale = await saleOf(1);
  const reservations = worker(shop, 8);
  const [first, second] = ordersOf(sale, 2) as [OrderRequest, OrderRequest];
  await reservations.reserve(first, sale);
  await shop.makeDue([first]);
  const [outcome] = await Promise.all([
    reservations.reserve(second, sale),
    reservations.restock(first, sale),
  ]);
  expect(outcome).toEqual({ status: 'reserved' });
});

it('counts what a buyer gave back no longer against the limit', async () => {
  const sale = await saleOf(10, 'redis', 1, 1);
  const reservations = worker(shop, 8);
  const buy = (idempotencyKey: string) => {
    const order = orderOf(sale.id, { buyerId: 'ann', idempotencyKey });
    return { order, outcome: reservations.reserve(order, sale) };
  };
  const first = buy('1');
  expect(await first.outcome).toEqual({ status: 'reserved' });
  expect(await buy('2').outcome).toMatchObject({ reason: 'BUYER_LIMIT_EXCEEDED' });
  await shop.makeDue([first.order]);
  await reservations.restock(first.order, sale);
  expect(await buy('3').outcome).toEqual({ status: 'reserved' });
});

it('finds in Postgres alone what nobody gave back', async () => {
  const sale = await saleOf(5);
  const order = orderOf(sale.id);
  await worker(shop, 8).reserve(order, sale);
  await shop.makeDue([order]);
  const pool = poolOf(shop.dataSource);
  const found = { orderId: order.orderId, saleId: sale.id, sku: 'hot' };
  const overdueFor = (seconds: number) => new OverdueOrders(pool, { seconds, most: 1_000 }).look();
  expect(await overdueFor(0)).toContainEqual(found);
  expect(await overdueFor(HOUR)).not.toContainEqual(found);
});

it('finds what is overdue of every SKU, however much there is of one', async () => {
  const sale = await shop.sale({ hot: 50, other: 1 }, 'redis', null, 1, 60);
  const orders = Array.from({ length: 51 }, (_, i) => orderOf(sale.id, { sku: i < 50 ? 'hot' : 'other' }));
  const reservations = worker(shop, 64);
  await Promise.all(orders.map((order) => reservations.reserve(order, sale)));
  await shop.makeDue(orders);
  const wanted = { seconds: 0, most: 1_000, perSku: 2 };
  for (let i = 0; i < 10; i++) {
    const found = await new OverdueOrders(poolOf(shop.dataSource), wanted).look();
    const ofSale = found.filter(({ saleId }) => saleId === sale.id).map(({ sku }) => sku);
    expect(ofSale.sort()).toEqual(['hot', 'hot', 'other']);
  }
});

it('finds what is overdue behind 25,000 orders that nobody can restock, also if all are due at the same moment', async () => {
  const sale = await shop.sale({ hot: 0, other: 1 }, 'redis', null, 1, 60);
  const last = orderOf(sale.id, { sku: 'other' });
  await worker(shop, 8).reserve(last, sale);
  await shop.dataSource.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at, expires_at)
     SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, $1, 'hot', n, 1, 'reserved', 'key', now(),
       '2000-01-01' FROM generate_series(1, 25000) AS n`,
    [sale.id],
  );
  await shop.makeDue([last]);
  const overdue = new OverdueOrders(poolOf(shop.dataSource), { seconds: 0, most: 1_000, perSku: 5 });
  const skus = async () => {
    const found = await overdue.look();
    return new Set(found.filter(({ saleId }) => saleId === sale.id).map(({ sku }) => sku));
  };
  for (let round = 0; round < 2; round++) {
    expect([await skus(), await skus()]).toEqual([new Set(['hot']), new Set(['hot'])]);
    expect(await skus()).toContain('other');
  }
  await shop.dataSource.query('DELETE FROM orders WHERE sale_id = $1', [sale.id]);
});

it('is refused by the fence like a write, and ends nothing then', async () => {
  const sale = await saleOf(5);
  const pool = poolOf(shop.dataSource);
  const target = { saleId: sale.id, sku: 'hot', write: 'read-modify-write', perBuyerLimit: null } as const;
  const order = orderOf(sale.id);
  await new CriticalSection(pool, target, leaseWith(1n)).settle([order]);
  await shop.makeDue([order]);
  // Overtaken between its read and its write.
  const store = new PlainStore(pool, 'fenced');
  const overtaken: StockStore = {
    read: (key) => store.read(key),
    write: (change) => store.write(change),
    async restock(...work) {
      await new CriticalSection(pool, target, leaseWith(3n)).settle([orderOf(sale.id)]);
      return store.restock(...work);
    },
  };
  const stale = new CriticalSection(pool, target, leaseWith(2n), overtaken);
  await expect(stale.restock([order.orderId])).rejects.toThrow(FencedOffError);
  expect(await statusesOf([order])).toEqual(['reserved']);
  expect(await shop.totalOf(sale)).toMatchObject({ held: 2, available: 3, lostUpdates: 0, conserved: true });
});
