import { poolOf } from '@app/database';
import { orderOf, type Shop } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  carryOut,
  CriticalSection,
  findAdjustment,
  overdueAdjustments,
  requestAdjustment,
  type Adjustment,
  type Sale,
} from '../src/index.js';
import { FencedOffError } from '../src/section/errors.js';
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

const request = async (sale: Sale, units: number, idempotencyKey: string = randomUUID()) =>
  (await requestAdjustment(poolOf(shop.dataSource), {
    saleId: sale.id,
    sku: 'hot',
    units,
    idempotencyKey,
    admin: 'ann',
  }))!;
const now = async ({ id }: Adjustment) => (await findAdjustment(poolOf(shop.dataSource), id))!;

/** Has both processes carry it out at once, as after a job that was delivered twice. */
async function adjust(sale: Sale, units: number): Promise<Adjustment> {
  const adjustment = await request(sale, units);
  const both = [shop, other].map((each) => carryOut(servers.adjuster(each), adjustment, sale));
  const changed = (await Promise.all(both)).filter((rows) => rows.length > 0);
  const decided = await now(adjustment);
  expect(changed).toHaveLength(decided.status === 'done' ? 1 : 0);
  return decided;
}

const saleOf = (stock: number, strategy: Sale['strategy'] = 'redis', stripes = 1) =>
  shop.sale({ hot: stock, cold: 5 }, strategy, null, stripes);
const buy = (sale: Sale, count: number, by = worker(shop, 8)) =>
  Promise.all(Array.from({ length: count }, () => by.reserve(orderOf(sale.id), sale)));
const totalOf = async (sale: Sale) => {
  const { initial, ...total } = await shop.totalOf(sale);
  return { ...total, initial: initial - 5, available: total.available - 5 }; // without the other SKU
};

describe.each(safeWith(1, 4))('$name, stripes: $stripes', ({ name, stripes }) => {
  it('adds and withdraws units, once each, and never more than there are', async () => {
    const sale = await saleOf(10, name, stripes);
    expect(await adjust(sale, 7)).toMatchObject({ status: 'done', initial: 17, available: 17 });
    await buy(sale, 9);
    expect(await adjust(sale, -9)).toMatchObject({
      status: 'refused',
      reason: 'INSUFFICIENT_STOCK',
      initial: 17,
      available: 8,
    });
    expect(await adjust(sale, -8)).toMatchObject({ status: 'done', initial: 9, available: 0 });
    expect(await totalOf(sale)).toMatchObject({ initial: 9, available: 0, held: 9, ...SOUND });
    await adjust(sale, 3);
    const outcomes = await buy(sale, 5);
    expect(outcomes.filter(({ status }) => status === 'reserved')).toHaveLength(3);
    expect(await totalOf(sale)).toMatchObject({ initial: 12, available: 0, held: 12, ...SOUND });
  });

  it('keeps the audit exact while two processes sell', async () => {
    const sale = await saleOf(60, name, stripes);
    const selling = [worker(shop, 4), worker(other, 4)].map(async (each) => {
      for (let i = 0; i < 10; i++) await buy(sale, 8, each);
    });
    const adjusting = [20, -5, 30, -10, 1, -1].map((units) => adjust(sale, units));
    const decided = await Promise.all(adjusting);
    await Promise.all(selling);
    const added = decided.filter(({ status }) => status === 'done').map(({ units }) => units);
    const initial = added.reduce((sum, units) => sum + units, 60);
    const rest = await buy(sale, 100);
    expect(rest.some(({ status }) => status === 'rejected')).toBe(true);
    expect(await totalOf(sale)).toMatchObject({ initial, available: 0, held: initial, ...SOUND });
  });
});

it('none, too, as long as nobody else writes', async () => {
  const sale = await saleOf(3, 'none');
  await adjust(sale, 4);
  await adjust(sale, -2);
  expect(await totalOf(sale)).toMatchObject({ initial: 5, available: 5, lostUpdates: 0, conserved: true });
});

it('does not blame a worker for buyers who came before units were added', async () => {
  const sale = await saleOf(1);
  await buy(sale, 3);
  await adjust(sale, 5);
  expect(await totalOf(sale)).toMatchObject({ available: 5, ...SOUND });
});

it('has no room for more than Postgres can count', async () => {
  const sale = await saleOf(999_999_999);
  expect(await adjust(sale, 2)).toMatchObject({ status: 'refused', reason: 'TOO_MUCH_STOCK' });
  expect(await adjust(sale, 1)).toMatchObject({ status: 'done', initial: 1_000_000_000 });
});

it('refuses the write of a holder that was overtaken by it', async () => {
  const sale = await saleOf(10);
  const target = { saleId: sale.id, sku: 'hot', write: 'read-modify-write', perBuyerLimit: null } as const;
  const stale = new CriticalSection(poolOf(shop.dataSource), target, leaseWith(1n));
  await stale.settle([orderOf(sale.id)]);
  await adjust(sale, 5);
  await expect(stale.settle([orderOf(sale.id)])).rejects.toThrow(FencedOffError);
  expect(await totalOf(sale)).toMatchObject({ initial: 15, available: 14, held: 1, ...SOUND });
});

it('re-seeds a lock whose store forgot its tokens', async () => {
  const sale = await saleOf(10);
  await shop.dataSource.query('UPDATE stock SET fence_token = $2 WHERE sale_id = $1', [
    sale.id,
    String(4n * 10n ** 15n),
  ]);
  expect(await adjust(sale, 5)).toMatchObject({ status: 'done', initial: 15 });
});

describe('a request', () => {
  it('is the same for the same key, and told once', async () => {
    const sale = await saleOf(10);
    const first = await request(sale, 5, 'key');
    expect(await request(sale, 7, 'key')).toEqual(first);
    expect((await request(sale, 5, 'another')).id).not.toBe(first.id);
    const told = await shop.dataSource.query<object[]>(
      'SELECT admin, action, details FROM admin_actions WHERE sale_id = $1 ORDER BY id',
      [sale.id],
    );
    expect(told).toHaveLength(2);
    expect(told[0]).toEqual({
      admin: 'ann',
      action: 'adjust',
      details: { adjustmentId: first.id, sku: 'hot', units: 5 },
    });
  });

  it('that nobody carried out is found, until somebody has', async () => {
    const sale = await saleOf(10);
    const adjustment = await request(sale, 5);
    const pool = poolOf(shop.dataSource);
    const overdue = async (seconds: number) =>
      (await overdueAdjustments(pool, { seconds, most: 1_000 })).filter(({ id }) => id === adjustment.id);
    expect(await overdue(60)).toEqual([]);
    expect(await overdue(0)).toEqual([{ id: adjustment.id, saleId: sale.id, sku: 'hot' }]);
    await carryOut(servers.adjuster(shop), adjustment, sale);
    expect(await overdue(0)).toEqual([]);
  });
});
