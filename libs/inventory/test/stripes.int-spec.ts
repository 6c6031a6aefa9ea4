import { Lock, type LockDriver } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { isSqlState } from '@app/servers';
import { orderOf, Shop } from '@app/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reservations, Sale, SaleRules } from '../src/index.js';
import { TestServers } from './support/workers.js';

const STRIPES = 8;

let shop: Shop;
let other: Shop;
const servers = new TestServers({ earlyTakeover: true });
const { worker } = servers;
const safe = servers.safeWith(STRIPES).map(({ name }) => name);
beforeAll(async () => {
  shop = await servers.openShop();
  other = await servers.openShop();
});
afterAll(() => servers.close());

/** The orders, shared out among the workers, each with 16 of them in hand. Their outcomes are in their order. */
async function sell(
  orders: readonly OrderRequest[],
  workers: Reservations<OrderRequest>[],
  rules: SaleRules,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const buyers = Array.from({ length: 16 * workers.length }, async (_, buyer) => {
    for (let i = next++; i < orders.length; i = next++) {
      outcomes[i] = await reserve(workers[buyer % workers.length]!, orders[i]!, rules);
    }
  });
  await Promise.all(buyers);
  return outcomes;
}

/** What could not be serialized too often in a row is tried again later, as the queue does. */
async function reserve(
  from: Reservations<OrderRequest>,
  order: OrderRequest,
  rules: SaleRules,
): Promise<Outcome> {
  for (;;) {
    try {
      return await from.reserve(order, rules);
    } catch (error) {
      if (!isSqlState(error, '40001')) throw error;
    }
  }
}

const ordersOf = (sale: Sale, quantities: readonly number[]) =>
  quantities.map((quantity) => orderOf(sale.id, { quantity }));
const mixed = (count: number) => Array.from({ length: count }, (_, i) => 1 + (i % 5));

interface StripeFigures {
  initial: number;
  available: number;
  moved: number;
}

const stripesOf = ({ id }: Sale) =>
  shop.dataSource.query<StripeFigures[]>(
    `SELECT initial, available, coalesce(sum(units), 0)::int AS moved
     FROM stock LEFT JOIN stock_movements USING (sale_id, sku, stripe)
     WHERE sale_id = $1 GROUP BY sale_id, sku, stripe ORDER BY stripe`,
    [id],
  );

describe.each(safe.flatMap((name) => [1, 8].map((batchSize) => ({ name, batchSize }))))(
  '$name, in batches of $batchSize, over eight stripes',
  ({ name, batchSize }) => {
    const workers = () => [worker(shop, batchSize), worker(other, batchSize)];

    it('sells to the last unit, whatever the quantities, and every stripe adds up', async () => {
      const sale = await shop.sale({ hot: 203 }, name, null, STRIPES);
      const orders = ordersOf(sale, mixed(150)); // 450 units, single ones among them to the end
      const outcomes = await sell(orders, workers(), sale);
      expect(await shop.totalOf(sale)).toMatchObject({
        held: 203,
        available: 0,
        oversold: 0,
        undersold: 0,
        lostUpdates: 0,
        conserved: true,
      });
      expect(outcomes.filter(({ status }) => status === 'reserved').length).toBeGreaterThan(0);
      for (const { initial, available, moved } of await stripesOf(sale)) {
        expect({ available, moved }).toEqual({ available: 0, moved: initial });
      }
    });

    it('takes an order that no stripe can fill from several of them', async () => {
      const sale = await shop.sale({ hot: 17 }, name, null, STRIPES); // stripes of 2 or 3
      const outcomes = await sell(ordersOf(sale, [5, 5, 5, 5, 2]), workers(), sale);
      expect(outcomes.filter(({ status }) => status === 'reserved')).toHaveLength(4);
      expect(await shop.totalOf(sale)).toMatchObject({
        held: 17,
        available: 0,
        lostUpdates: 0,
        conserved: true,
      });
    });

    it('keeps the limit of a buyer over all stripes', async () => {
      const sale = await shop.sale({ hot: 80 }, name, 3, STRIPES);
      const orders = Array.from({ length: 40 }, (_, i) =>
        orderOf(sale.id, { buyerId: i % 2 ? 'ann' : 'bob', idempotencyKey: `key-${i}` }),
      );
      await sell(orders, workers(), sale);
      expect(await shop.totalOf(sale)).toMatchObject({
        held: 6,
        available: 74,
        rejected: 34,
        conserved: true,
      });
    });
  },
);

it.each(safe)(
  '%s takes orders that no stripe can fill from 64 of them, for more sales than it has connections',
  async (name) => {
    const sales = await Promise.all(Array.from({ length: 20 }, () => shop.sale({ hot: 65 }, name, null, 64)));
    const workers = [worker(shop, 8), worker(other, 8)];
    const sold = sales.map((sale) => sell(ordersOf(sale, [3, 3, 59]), workers, sale));
    for (const outcomes of await Promise.all(sold)) {
      expect(outcomes.filter(({ status }) => status === 'reserved')).toHaveLength(3);
    }
    for (const sale of sales) {
      expect(await shop.totalOf(sale)).toMatchObject({
        held: 65,
        available: 0,
        lostUpdates: 0,
        conserved: true,
      });
    }
  },
);

it('settles an order once that two workers have, whichever stripes they find for it', async () => {
  const sale = await shop.sale({ hot: 30 }, 'redis', null, STRIPES);
  const orders = ordersOf(sale, mixed(40));
  const twice = await Promise.all([shop, other].map((each) => sell(orders, [worker(each, 8)], sale)));
  const [one, two] = twice.map((outcomes) => outcomes.map((outcome) => ({ ...outcome, before: undefined })));
  expect(one).toEqual(two);
  expect(await shop.totalOf(sale)).toMatchObject({ held: 30, available: 0, lostUpdates: 0, conserved: true });
});

it('sells fewer units than there are stripes', async () => {
  const sale = await shop.sale({ hot: 3 }, 'redis', null, STRIPES);
  await sell(ordersOf(sale, [1, 1, 1, 1, 1]), [worker(shop, 1), worker(other, 1)], sale);
  expect(await shop.totalOf(sale)).toMatchObject({ held: 3, rejected: 2, undersold: 0, conserved: true });
});

it('rejects for too little stock only what is more than all stripes have', async () => {
  const sale = await shop.sale({ hot: 9 }, 'redis', null, STRIPES);
  const reservations = worker(shop, 8);
  const buy = (quantity: number) => reservations.reserve(orderOf(sale.id, { quantity }), sale);
  expect(await buy(10)).toEqual({ status: 'rejected', reason: 'INSUFFICIENT_STOCK' });
  expect(await buy(9)).toEqual({ status: 'reserved' });
  expect(await buy(1)).toEqual({ status: 'rejected', reason: 'SOLD_OUT' });
});

it('puts a single process to work on several stripes when its orders fill more than one batch', async () => {
  const sale = await shop.sale({ hot: 800 }, 'redis', null, STRIPES);
  await sell(
    ordersOf(
      sale,
      Array.from({ length: 64 }, () => 1),
    ),
    [worker(shop, 1)],
    sale,
  );
  expect((await stripesOf(sale)).filter(({ moved }) => moved > 0).length).toBeGreaterThan(4);
});

it('and on one stripe while its orders fit into one batch', async () => {
  const sale = await shop.sale({ hot: 800 }, 'redis', null, STRIPES);
  await sell(
    ordersOf(
      sale,
      Array.from({ length: 64 }, () => 1),
    ),
    [worker(shop, 64)],
    sale,
  );
  expect((await stripesOf(sale)).filter(({ moved }) => moved > 0)).toHaveLength(1);
});

describe('units that come back', () => {
  it('are sold, though the process had found every stripe empty', async () => {
    const sale = await shop.sale({ hot: 8 }, 'redis', null, STRIPES);
    const reservations = worker(shop, 8);
    await sell(
      ordersOf(
        sale,
        Array.from({ length: 10 }, () => 1),
      ),
      [reservations],
      sale,
    );
    expect(await shop.totalOf(sale)).toMatchObject({ held: 8, rejected: 2 });
    await shop.dataSource.query('UPDATE stock SET available = 2 WHERE sale_id = $1 AND stripe = 5', [
      sale.id,
    ]);
    expect(await sell(ordersOf(sale, [2, 1]), [reservations], sale)).toEqual([
      { status: 'reserved' },
      { status: 'rejected', reason: 'SOLD_OUT' },
    ]);
  });

  /** One unit goes from stripe to stripe: at every moment it is somewhere, so nobody may ever be told that it is not. */
  it.each(['optimistic', 'serializable', 'conditional-update'] as const)(
    'make no order miss the last one (%s)',
    async (name) => {
      for (let round = 0; round < 20; round++) {
        const sale = await shop.sale({ hot: 1 }, name, null, STRIPES);
        const wandering = new AbortController();
        const wanderer = wander(sale, wandering.signal);
        const [outcome] = await sell(ordersOf(sale, [1]), [worker(other, 1)], sale);
        wandering.abort();
        await wanderer;
        expect(outcome).toEqual({ status: 'reserved' });
      }
    },
  );

  async function wander({ id }: Sale, until: AbortSignal) {
    for (let stripe = 0; !until.aborted; stripe = (stripe + 1) % STRIPES) {
      await shop.dataSource.query(
        `UPDATE stock SET available = CASE stripe WHEN $2 THEN 0 ELSE 1 END, version = version + 1
         WHERE sale_id = $1 AND stripe IN ($2, $3) AND EXISTS (
           SELECT FROM stock WHERE sale_id = $1 AND stripe = $2 AND available = 1 FOR UPDATE
         )`,
        [id, stripe, (stripe + 1) % STRIPES],
      );
      await sleep(1);
    }
  }
});

describe('a planted defect is found out', () => {
  it('sold out said after a look at one stripe', async () => {
    const sale = await shop.sale({ hot: 80 }, 'redis', null, STRIPES);
    const ownStripeOnly = { strategy: sale.strategy, perBuyerLimit: null, stripes: 1 };
    await sell(
      ordersOf(
        sale,
        Array.from({ length: 100 }, () => 1),
      ),
      [worker(shop, 8)],
      ownStripeOnly,
    );
    expect(await shop.totalOf(sale)).toMatchObject({ held: 10, undersold: 70 });
  });

  it('a lock that is always granted', async () => {
    const sale = await shop.sale({ hot: 100_000 }, 'redis-setnx', null, STRIPES);
    const broken: LockDriver = {
      acquire: async () => ({ holder: 'anybody', release: async () => true }),
      close: async () => undefined,
    };
    const workers = [shop, other].map((each) => worker(each, 1, { lockOf: async () => new Lock(broken) }));
    await sell(ordersOf(sale, mixed(1_600)), workers, sale);
    const total = await shop.totalOf(sale);
    expect(total.lostUpdates).toBeGreaterThan(0);
    expect(total.conserved).toBe(false);
  });

  it('none loses updates in stripes, too', async () => {
    const sale = await shop.sale({ hot: 100_000 }, 'none', null, STRIPES);
    await sell(ordersOf(sale, mixed(1_600)), [worker(shop, 1), worker(other, 1)], sale);
    expect((await shop.totalOf(sale)).lostUpdates).toBeGreaterThan(0);
  });
});
