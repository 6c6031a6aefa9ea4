import { poolOf } from '@app/database';
import { Shop } from '@app/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { audit, SaleCatalog } from '../src/index.js';

let shop: Shop;
beforeAll(async () => (shop = await Shop.open(inject('databaseUrl'))));
afterAll(() => shop.close());

it.each([
  [10, 4, [3, 3, 2, 2]],
  [3, 8, [1, 1, 1, 0, 0, 0, 0, 0]],
  [0, 2, [0, 0]],
  [7, 1, [7]],
])('spreads %d units over %d stripes', async (stock, stripes, spread) => {
  const { id } = await shop.sale({ hot: stock }, 'redis', null, stripes);
  const rows = await shop.dataSource.query<{ initial: number }[]>(
    'SELECT initial FROM stock WHERE sale_id = $1 AND available = initial ORDER BY stripe',
    [id],
  );
  expect(rows.map(({ initial }) => initial)).toEqual(spread);
});

it('has one item per SKU in the catalog, however many stripes', async () => {
  const { id } = await shop.sale({ hot: 10, cold: 2 }, 'redis', null, 4);
  const sale = await new SaleCatalog(shop.dataSource).find(id);
  expect(sale?.stripes).toBe(4);
  expect(sale?.items.map(({ sku }) => sku).toSorted()).toEqual(['cold', 'hot']);
});

describe('the audit', () => {
  const moved = async (saleId: string, stripe: number, before: number, after: number) => {
    const values = [saleId, stripe, before, after];
    await shop.dataSource.query(
      `WITH moved AS (
         INSERT INTO stock_movements (sale_id, sku, stripe, units, before, after)
         VALUES ($1, 'hot', $2::smallint, $3::int - $4::int, $3, $4)
       )
       UPDATE stock SET available = $4 WHERE sale_id = $1 AND sku = 'hot' AND stripe = $2`,
      values,
    );
  };

  it('sums the stripes, and follows the chain of movements of each', async () => {
    const { id } = await shop.sale({ hot: 10 }, 'redis', null, 2);
    await moved(id, 0, 5, 4);
    await moved(id, 1, 5, 3);
    await moved(id, 0, 4, 2);
    await moved(id, 1, 3, 0);
    const { items, total } = await audit(poolOf(shop.dataSource), id);
    expect(items).toHaveLength(1);
    expect(total).toMatchObject({ initial: 10, available: 2, lostUpdates: 0, conserved: false }); // no orders
  });

  it('counts a break in any of them', async () => {
    const { id } = await shop.sale({ hot: 10 }, 'redis', null, 2);
    await moved(id, 0, 5, 4);
    await moved(id, 1, 4, 3); // as if stripe 0 were meant
    await moved(id, 0, 5, 3);
    expect((await audit(poolOf(shop.dataSource), id)).total).toMatchObject({ lostUpdates: 2 });
  });
});
