import { poolOf } from '@app/database';
import { orderOf, toldOf, type Shop } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CriticalSection } from '../src/section/critical-section.js';
import { FencedOffError } from '../src/section/errors.js';
import type { Sale } from '../src/index.js';
import { Stores } from '../src/throughput/stores.js';
import { leaseWith } from './support/lease.js';
import { TestServers } from './support/workers.js';

let shop: Shop;
const servers = new TestServers();
beforeAll(async () => (shop = await servers.openShop()));
afterAll(() => servers.close());

const pool = () => poolOf(shop.dataSource);
const ordersOf = (sale: Sale, count: number) => Array.from({ length: count }, () => orderOf(sale.id));

/** Every order of the sale has told what became of it, each step once and in order. */
async function expectAllTold(sale: Sale, statuses: Record<string, number>) {
  const orders = await toldOf(pool(), sale.id);
  for (const { status, told } of orders)
    expect(told).toEqual(['reserved', 'rejected'].includes(status) ? ['settled'] : ['settled', status]);
  for (const [status, count] of Object.entries(statuses))
    expect(orders.filter((order) => order.status === status)).toHaveLength(count);
}

const ways = [...servers.safe, 'none', 'local-mutex'] as const;
describe.each(
  ways.flatMap((name) => [1, 4].flatMap((stripes) => [1, 8].map((batch) => ({ name, stripes, batch })))),
)('$name, stripes: $stripes, batches of $batch', ({ name, stripes, batch }) => {
  it('tells of each order what became of it, once', async () => {
    const sale = await shop.sale({ hot: 20 }, name, null, stripes, 3_600);
    const reservations = servers.worker(shop, batch);
    const orders = ordersOf(sale, 24);
    const settleAll = () => Promise.all(orders.map((order) => reservations.reserve(order, sale)));
    const outcomes = await settleAll();
    await settleAll(); // delivered twice
    const reserved = orders.filter((_, i) => outcomes[i]!.status === 'reserved');
    await shop.makeDue(reserved.slice(0, 5));
    await shop.makeDue(reserved.slice(5, 8), true);
    for (let twice = 0; twice < 2; twice++)
      await Promise.all(reserved.slice(0, 8).map((order) => reservations.restock(order, sale)));
    await expectAllTold(sale, {
      reserved: reserved.length - 8,
      rejected: 24 - reserved.length,
      expired: 5,
      cancelled: 3,
    });
  });
});

it('tells nothing of what a fence has refused, and of the rest of the statement all', async () => {
  const sale = await shop.sale({ a: 5, b: 5 }, 'redis');
  const stores = new Stores(pool(), 64);
  const section = (sku: string, token: bigint) =>
    new CriticalSection(
      pool(),
      { saleId: sale.id, sku, write: 'read-modify-write', perBuyerLimit: null },
      leaseWith(token),
      stores.of('fenced'),
    );
  const [overtaken, valid] = [section('a', 1n), section('b', 1n)];
  await Promise.all([
    overtaken.settle([orderOf(sale.id, { sku: 'a' })]),
    valid.settle([orderOf(sale.id, { sku: 'b' })]),
  ]);
  await section('a', 2n).settle([orderOf(sale.id, { sku: 'a' })]);
  const late = orderOf(sale.id, { sku: 'a' });
  const settling = [overtaken.settle([late]), valid.settle([orderOf(sale.id, { sku: 'b' })])];
  await expect(settling[0]).rejects.toBeInstanceOf(FencedOffError);
  await settling[1];
  await expectAllTold(sale, { reserved: 4 });
  const { rowCount } = await pool().query('SELECT FROM outbox WHERE $1 = ANY (order_ids)', [late.orderId]);
  expect(rowCount).toBe(0);
});
