import { poolOf } from '@app/database';
import type { OrderRequest } from '@app/orders';
import { orderOf, type Shop } from '@app/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CriticalSection, type Sale, type SectionResult } from '../src/index.js';
import { SOUND, TestServers } from './support/workers.js';

let shop: Shop;
let other: pg.Client;
const servers = new TestServers();
beforeAll(async () => (shop = await servers.openShop()));
beforeEach(async () => {
  other = new pg.Client(inject('databaseUrl'));
  await other.connect();
});
afterEach(() => other.end());
afterAll(() => servers.close());

const RESERVED = [{ status: 'reserved' }];
const SOLD_OUT = [{ status: 'rejected', reason: 'SOLD_OUT' }];
const saleOf = (stock: number, limit: number | null = null) =>
  shop.sale({ hot: stock }, 'skip-locked', limit);
const settle = (sale: Sale, ...orders: OrderRequest[]): Promise<SectionResult> => {
  const target = {
    saleId: sale.id,
    sku: 'hot',
    write: 'skip-locked',
    perBuyerLimit: sale.perBuyerLimit,
  } as const;
  return new CriticalSection(poolOf(shop.dataSource), target).settle(orders);
};

/** Another transaction has so many units. */
async function hold({ id }: Sale, units: number) {
  await other.query('BEGIN');
  await other.query('SELECT FROM units WHERE sale_id = $1 ORDER BY id LIMIT $2 FOR UPDATE', [id, units]);
}

/** Resolves once a statement waits for a lock. */
const waiting = () =>
  expect
    .poll(async () => {
      const sql = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'test'`;
      return (await shop.dataSource.query<[{ count: number }]>(sql))[0].count;
    })
    .toBeGreaterThan(0);

describe.each([null, 5])('with a limit of %s', (limit) => {
  it('sells past units that others hold, without waiting for them', async () => {
    const sale = await saleOf(3, limit);
    await hold(sale, 2);
    expect((await settle(sale, orderOf(sale.id))).outcomes).toEqual(RESERVED);
    await other.query('ROLLBACK');
    expect(await shop.totalOf(sale)).toMatchObject({ available: 2, held: 1, ...SOUND });
  });

  it('waits for the last one that another holds, and sells it when that one lets go', async () => {
    const sale = await saleOf(1, limit);
    await hold(sale, 1);
    const settling = settle(sale, orderOf(sale.id));
    await waiting();
    await other.query('ROLLBACK');
    expect((await settling).outcomes).toEqual(RESERVED);
    const { outcomes, available, versions } = await settle(sale, orderOf(sale.id));
    expect({ outcomes, available, versions }).toEqual({ outcomes: SOLD_OUT, available: 0, versions: ['0'] });
    expect(await shop.totalOf(sale)).toMatchObject({ available: 0, held: 1, ...SOUND });
  });

  it('sells a unit that comes back while it waits to see what is left', async () => {
    const sale = await saleOf(1, limit);
    const first = orderOf(sale.id);
    await settle(sale, first);
    await other.query('BEGIN');
    await other.query('UPDATE stock SET version = version + 1 WHERE sale_id = $1', [sale.id]);
    const settling = settle(sale, orderOf(sale.id));
    await waiting();
    await other.query('UPDATE units SET order_id = NULL WHERE order_id = $1', [first.orderId]);
    await other.query('COMMIT');
    expect((await settling).outcomes).toEqual(RESERVED);
  });
});

it('gives each order as many units as it wants, and all of them back', async () => {
  const sale = await shop.sale({ hot: 10 }, 'skip-locked', null, 1, 60);
  const orders = [3, 1, 9, 4].map((quantity) => orderOf(sale.id, { quantity }));
  const { outcomes } = await settle(sale, ...orders);
  expect(outcomes.map(({ status } = { status: 'reserved' }) => status)).toEqual([
    'reserved',
    'reserved',
    'rejected',
    'reserved',
  ]);
  expect(await shop.totalOf(sale)).toMatchObject({ available: 2, held: 8, ...SOUND });
  await shop.makeDue(orders);
  const worker = servers.worker(shop, 8);
  await Promise.all(orders.map((order) => worker.restock(order, sale)));
  expect(await shop.totalOf(sale)).toMatchObject({ available: 10, held: 0, ...SOUND });
});

describe('the audit finds', () => {
  it.each([
    [
      'a unit that a second order was given',
      `UPDATE units SET order_id = (SELECT max(order_id::text)::uuid FROM units WHERE sale_id = $1) WHERE sale_id = $1 AND order_id IS NOT NULL`,
      2,
    ],
    [
      'a unit that is free although it was sold',
      `UPDATE units SET order_id = NULL WHERE id = (SELECT min(id) FROM units WHERE sale_id = $1 AND order_id IS NOT NULL)`,
      2, // the order lacks it, and no movement has brought it back
    ],
    ['a movement that is missing', 'DELETE FROM stock_movements WHERE sale_id = $1 AND units = 1', 1],
  ])('%s', async (_, damage, lostUpdates) => {
    const sale = await saleOf(5);
    for (let i = 0; i < 2; i++) await settle(sale, orderOf(sale.id));
    expect(await shop.totalOf(sale)).toMatchObject({ available: 3, held: 2, ...SOUND });
    await shop.dataSource.query(damage, [sale.id]);
    expect((await shop.totalOf(sale)).lostUpdates).toBe(lostUpdates);
  });
});
