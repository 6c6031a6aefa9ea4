import { poolOf } from '@app/database';
import type { OrderRequest } from '@app/orders';
import { orderOf, Shop } from '@app/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CriticalSection } from '../src/section/critical-section.js';
import type { SectionTarget } from '../src/section/section-target.js';
import { FencedOffError } from '../src/section/errors.js';
import { audit, type Sale } from '../src/index.js';
import { Stores } from '../src/throughput/stores.js';
import { leaseWith } from './support/lease.js';
import { undoSale } from './support/undo-sale.js';

let shop: Shop;
beforeAll(async () => (shop = await Shop.open(inject('databaseUrl'))));
afterAll(() => shop.close());

const SKUS = ['a', 'b', 'c', 'd'];
const openSale = (ttl: number | null = null) =>
  shop.sale(Object.fromEntries(SKUS.map((sku) => [sku, 5])), 'redis', null, 1, ttl);
const targetOf = (sale: Sale, sku: string): SectionTarget => ({
  saleId: sale.id,
  sku,
  write: 'read-modify-write',
  perBuyerLimit: null,
  reservationTtlSeconds: sale.reservationTtlSeconds,
});
const sectionOf = (sale: Sale, sku: string, token: bigint, stores: Stores) =>
  new CriticalSection(poolOf(shop.dataSource), targetOf(sale, sku), leaseWith(token), stores.of('fenced'));
const transactionsOf = async (sale: Sale): Promise<number> => {
  const [{ count }] = await shop.dataSource.query(
    'SELECT count(DISTINCT xmin::text)::int AS count FROM stock_movements WHERE sale_id = $1',
    [sale.id],
  );
  return count;
};
const two = (sale: Sale, sku: string): OrderRequest[] => [
  orderOf(sale.id, { sku, quantity: 2 }),
  orderOf(sale.id, { sku, quantity: 4 }),
];

describe('lanes that share their statements', () => {
  it('settle each its own orders, in one transaction', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const settling = SKUS.map((sku) => sectionOf(sale, sku, 1n, stores).settle(two(sale, sku)));
    for (const { outcomes, available } of await Promise.all(settling)) {
      expect(outcomes).toEqual([
        { status: 'reserved' },
        { status: 'rejected', reason: 'INSUFFICIENT_STOCK' },
      ]);
      expect(available).toBe(3);
    }
    expect(await transactionsOf(sale)).toBe(1);
    const made = 'SELECT DISTINCT version FROM stock_movements WHERE sale_id = $1';
    expect(await shop.dataSource.query(made, [sale.id])).toEqual([{ version: '1' }]);
    const { items, total } = await audit(poolOf(shop.dataSource), sale.id);
    expect(total).toMatchObject({ held: 8, available: 12, oversold: 0, lostUpdates: 0, conserved: true });
    expect(items.map(({ held }) => held)).toEqual([2, 2, 2, 2]);
  });

  it('refuse a row of which a failover of Postgres has undone the last sale, though not the fence', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const [undone, other] = ['a', 'b'].map((sku) => sectionOf(sale, sku, 1n, stores));
    const settle = () =>
      Promise.allSettled([undone!.settle(two(sale, 'a')), other!.settle([orderOf(sale.id, { sku: 'b' })])]);
    await settle();
    await undoSale(shop, sale.id, 'a');
    const [refused, settled] = await settle();
    expect(refused).toMatchObject({ reason: expect.any(FencedOffError) as Error });
    expect(settled).toMatchObject({ status: 'fulfilled' });
    const { total } = await audit(poolOf(shop.dataSource), sale.id);
    expect(total).toMatchObject({ held: 2, available: 18, lostUpdates: 0, conserved: true });
  });

  it('carry several full batches', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 2);
    await Promise.all(SKUS.map((sku) => sectionOf(sale, sku, 1n, stores).settle(two(sale, sku))));
    expect(await transactionsOf(sale)).toBe(1);
  });

  it('share no transaction with batches of 1', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 1);
    const settling = SKUS.map((sku) => sectionOf(sale, sku, 1n, stores).settle([orderOf(sale.id, { sku })]));
    await Promise.all(settling);
    expect(await transactionsOf(sale)).toBe(SKUS.length);
  });

  it('do not suffer for one whose lease has been overtaken', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const sections = SKUS.map((sku) => sectionOf(sale, sku, 1n, stores));
    await Promise.all(sections.map((section, i) => section.settle([orderOf(sale.id, { sku: SKUS[i] })])));
    const alone = new Stores(poolOf(shop.dataSource), 64);
    await sectionOf(sale, 'c', 2n, alone).settle([orderOf(sale.id, { sku: 'c' })]);

    const settling = sections.map((section, i) => section.settle([orderOf(sale.id, { sku: SKUS[i] })]));
    const settled = await Promise.allSettled(settling);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect((settled[2] as PromiseRejectedResult).reason).toBeInstanceOf(FencedOffError);
    const { items, total } = await audit(poolOf(shop.dataSource), sale.id);
    expect(items.map(({ held }) => held)).toEqual([2, 2, 2, 2]);
    expect(total).toMatchObject({ lostUpdates: 0, conserved: true });
  });

  it('do not suffer for one whose order Postgres refuses', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const orders = SKUS.map((sku) => orderOf(sale.id, { sku, buyerId: sku === 'b' ? 'a\0b' : undefined }));
    const settling = SKUS.map((sku, i) => sectionOf(sale, sku, 1n, stores).settle([orders[i]!]));
    const settled = await Promise.allSettled(settling);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { code: '22021' } });
    const { items, total } = await audit(poolOf(shop.dataSource), sale.id);
    expect(items.map(({ held }) => held)).toEqual([1, 0, 1, 1]);
    expect(total).toMatchObject({ lostUpdates: 0, conserved: true });
  });

  it('do not suffer for one whose orders were delivered before', async () => {
    const sale = await openSale();
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const known = orderOf(sale.id, { sku: 'b' });
    await sectionOf(sale, 'b', 1n, stores).settle([known]);

    const orders = SKUS.map((sku) => [orderOf(sale.id, { sku }), ...(sku === 'b' ? [known] : [])]);
    const settling = SKUS.map((sku, i) => sectionOf(sale, sku, 2n, stores).settle(orders[i]!));
    const results = await Promise.all(settling);
    const reserved = { status: 'reserved' };
    const ofB = [reserved, { ...reserved, before: true }];
    expect(results.map(({ outcomes }) => outcomes)).toEqual([[reserved], ofB, [reserved], [reserved]]);
    const { items, total } = await audit(poolOf(shop.dataSource), sale.id);
    expect(items.map(({ held }) => held)).toEqual([1, 2, 1, 1]);
    expect(total).toMatchObject({ oversold: 0, lostUpdates: 0, conserved: true });
  });

  it('give each reservation the time limit of its own sale, and a rejection none', async () => {
    const limits = [60, null, 600];
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const sales = await Promise.all(limits.map((ttl) => openSale(ttl)));
    const orders = sales.map((sale) => two(sale, 'a'));
    await Promise.all(sales.map((sale, i) => sectionOf(sale, 'a', 1n, stores).settle(orders[i]!)));

    const ids = orders.map((both) => both.map(({ orderId }) => orderId));
    const rows = await shop.dataSource.query<{ id: string; seconds: number | null; transaction: string }[]>(
      `SELECT id, extract(epoch FROM expires_at - settled_at)::int AS seconds, xmin::text AS transaction
       FROM orders WHERE id = ANY ($1::uuid[])`,
      [ids.flat()],
    );
    const secondsOf = new Map(rows.map(({ id, seconds }) => [id, seconds]));
    expect(ids.map((both) => both.map((id) => secondsOf.get(id)))).toEqual([
      [60, null],
      [null, null],
      [600, null],
    ]);
    expect(new Set(rows.map(({ transaction }) => transaction)).size).toBe(1);
  });

  it('see what came back under the same lease', async () => {
    const sale = await openSale(60);
    const stores = new Stores(poolOf(shop.dataSource), 64);
    const orders = SKUS.map((sku) => orderOf(sale.id, { sku, quantity: 5 }));
    await Promise.all(SKUS.map((sku, i) => sectionOf(sale, sku, 1n, stores).settle([orders[i]!])));
    await shop.makeDue(orders);

    // Of two SKUs units come back while the other two write.
    const settling = SKUS.map(async (sku, i) => {
      if (i % 2 === 0) {
        await sectionOf(sale, sku, 1n, stores).restock([orders[i]!.orderId]);
      }
      return sectionOf(sale, sku, 1n, stores).settle(two(sale, sku));
    });
    const results = await Promise.all(settling);
    expect(results.map(({ available }) => available)).toEqual([3, 0, 3, 0]);
    const { items, total } = await audit(poolOf(shop.dataSource), sale.id);
    expect(items.map(({ held }) => held)).toEqual([2, 5, 2, 5]);
    expect(total).toMatchObject({ oversold: 0, lostUpdates: 0, conserved: true });
  });
});
