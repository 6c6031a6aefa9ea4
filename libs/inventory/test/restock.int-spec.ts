import { poolOf } from '@app/database';
import type { OrderRequest } from '@app/orders';
import { orderOf, Shop } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CriticalSection } from '../src/section/critical-section.js';
import { OVERDUE_SQL } from '../src/sales/due-orders.js';
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
const { worker, safeWith } = servers;
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
/** So many buyers at each worker have one order after the other, so many times, and let it expire. */
const comeAndGo = (
  workers: readonly Reservations<OrderRequest>[],
  buyers: number,
  times: number,
  sale: Sale,
) =>
  Promise.all(
    workers.flatMap((each) =>
      Array.from({ length: buyers }, async () => {
        for (let i = 0; i < times; i++) {
          const order = orderOf(sale.id);
          await each.reserve(order, sale);
          await shop.makeDue([order]);
          await each.restock(order, sale);
        }
      }),
    ),
  );
const statusesOf = async (orders: readonly OrderRequest[]) => {
  const rows = await shop.dataSource.query<{ status: string }[]>(
    'SELECT status FROM orders WHERE id = ANY ($1::uuid[])',
    [orders.map(({ orderId }) => orderId)],
  );
  return rows.map(({ status }) => status);
};

describe.each(safeWith(1, 4))('$name, stripes: $stripes', ({ name, stripes }) => {
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

  it('gives the units of a refunded order back once, if they are to come back', async () => {
    const sale = await saleOf(20, name, stripes);
    const workers = [worker(shop, 8), worker(other, 8)] as const;
    const orders = ordersOf(sale, 20);
    await reserve(orders, workers[0], sale);
    const refund = (of: readonly OrderRequest[], restocked: boolean) =>
      shop.dataSource.query(
        `UPDATE orders SET status = 'refunded', restock = $2 WHERE id = ANY ($1::uuid[])`,
        [of.map(({ orderId }) => orderId), restocked],
      );
    await refund(orders.slice(0, 12), true);
    await refund(orders.slice(12), false);
    expect(await shop.totalOf(sale)).toMatchObject({ available: 0, sold: 20, ...SOUND });
    const due = await dueOf(
      poolOf(shop.dataSource),
      orders.map(({ orderId }) => orderId),
    );
    expect(due).toHaveLength(12);
    await Promise.all(workers.map((each) => restock(orders, each, sale)));
    expect(await shop.totalOf(sale)).toMatchObject({ available: 12, sold: 8, ...SOUND });
    expect(new Set(await statusesOf(orders))).toEqual(new Set(['refunded']));
  });

  it('loses nothing while units go and come at the same time', async () => {
    const sale = await saleOf(20, name, stripes);
    await comeAndGo([worker(shop, 4), worker(other, 4)], 6, 4, sale);
    expect(await shop.totalOf(sale)).toMatchObject({
      available: 20,
      held: 0,
      lostUpdates: 0,
      conserved: true,
    });
  });
});

it('none loses units that come back, too', async () => {
  const sale = await saleOf(100_000, 'none');
  await comeAndGo([worker(shop, 1), worker(other, 1)], 8, 20, sale);
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
  expect(told).toEqual([
    [sale.id, 'hot', { stripe: 0, version: '2', units: 2, ended: expect.arrayContaining(ended) }],
  ]);
  const movements = await shop.dataSource.query(
    'SELECT units, before, after FROM stock_movements WHERE sale_id = $1 ORDER BY version',
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

/** Reservations of a SKU that were due so long ago, so far apart from the beginning of that minute on. */
const overdueOf = (sale: Sale, sku: string, count: number, ago: string, apart = '1 ms') =>
  shop.dataSource.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at, expires_at)
     SELECT gen_random_uuid(), $1, $2, $2 || n, 1, 'reserved', 'key', now(),
       date_trunc('minute', now() - $4::interval) + n * $5::interval FROM generate_series(1, $3::int) AS n`,
    [sale.id, sku, count, ago, apart],
  );

describe('behind 25,000 overdue orders that nobody can restock', () => {
  let sale: Sale;
  beforeAll(async () => {
    sale = await shop.sale({ hot: 0, other: 300 }, 'redis', null, 1, 60);
    await overdueOf(sale, 'hot', 25_000, '1 day');
    await overdueOf(sale, 'other', 300, '1 minute');
    await shop.dataSource.query('ANALYZE orders');
  });
  afterAll(() => shop.dataSource.query('DELETE FROM orders WHERE sale_id = $1', [sale.id]));

  it('finds as much of another SKU at each look, though it became due last', async () => {
    const overdue = new OverdueOrders(poolOf(shop.dataSource), { seconds: 0, most: 100_000, perSku: 256 });
    for (let look = 0; look < 4; look++) {
      const found = await overdue.look();
      const count = (sku: string) =>
        new Set(found.filter((due) => due.saleId === sale.id && due.sku === sku).map((due) => due.orderId))
          .size;
      expect([count('hot'), count('other')]).toEqual([256, 256]);
    }
  });

  it('finds each of a SKU sooner or later, whatever cannot be restocked', async () => {
    const overdue = new OverdueOrders(poolOf(shop.dataSource), { seconds: 0, most: 1_000, perSku: 256 });
    const seen = new Set<string>();
    for (let looks = 0; seen.size < 300; looks++) {
      expect(looks).toBeLessThan(500);
      for (const { saleId, sku, orderId } of await overdue.look())
        if (saleId === sale.id && sku === 'other') seen.add(orderId);
    }
  });

  it('reads by the index, some of each SKU', async () => {
    const { rows } = await poolOf(shop.dataSource).query(`EXPLAIN (ANALYZE, FORMAT JSON) ${OVERDUE_SQL}`, [
      0,
      256,
      1_000,
      '-infinity',
      '00000000-0000-0000-0000-000000000000',
      '',
    ]);
    const scans = nodesOf((rows as [{ 'QUERY PLAN': [{ Plan: Node }] }])[0]['QUERY PLAN'][0].Plan).filter(
      (node) => node['Relation Name'] === 'orders',
    );
    expect(new Set(scans.map((scan) => scan['Index Name']))).toEqual(new Set(['orders_ending']));
    const read = scans.reduce((sum, scan) => sum + scan['Actual Rows'] * scan['Actual Loops'], 0);
    expect(read).toBeLessThan(5_000);
  });
});

it('finds what is overdue of a SKU behind one that nobody can restock for a day', async () => {
  const sale = await shop.sale({ hot: 0, other: 300 }, 'redis', null, 1, 60);
  await overdueOf(sale, 'hot', 1_500, '1600 minutes', '1 minute');
  await overdueOf(sale, 'other', 300, '1 minute');
  const overdue = new OverdueOrders(poolOf(shop.dataSource), { seconds: 0, most: 1_000, perSku: 256 });
  const found = [...(await overdue.look()), ...(await overdue.look())].filter(
    ({ saleId }) => saleId === sale.id,
  );
  // An equal share: other SKUs of this file may be overdue, too.
  expect(found.filter(({ sku }) => sku === 'other').length).toBeGreaterThan(100);
  expect(found.length).toBeLessThan(2_000);
  await shop.dataSource.query('DELETE FROM orders WHERE sale_id = $1', [sale.id]);
});

/** A node of a plan that was carried out. */
interface Node {
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly Node[];
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

it('finds what is overdue of 2,500 SKUs within ten looks', async () => {
  const sale = await shop.sale({ hot: 1 }, 'redis', null, 1, 60);
  await shop.dataSource.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at, expires_at)
     SELECT gen_random_uuid(), $1, 'sku-' || n, n, 1, 'reserved', 'key', now(), now() - interval '1 s'
     FROM generate_series(1, 2500) AS n`,
    [sale.id],
  );
  const overdue = new OverdueOrders(poolOf(shop.dataSource), { seconds: 0, most: 1_000 });
  const seen = new Set<string>();
  for (let look = 0; look < 10; look++) for (const { sku } of await overdue.look()) seen.add(sku);
  expect(seen.size).toBeGreaterThanOrEqual(2_500);
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
