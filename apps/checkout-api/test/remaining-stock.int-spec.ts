import { poolOf } from '@app/database';
import { Shop } from '@app/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { REMAINING, RemainingStock } from '../src/waiting-room/remaining-stock.js';

let shop: Shop;
const client = new pg.Client(inject('databaseUrl'));
beforeAll(async () => {
  shop = await Shop.open(inject('databaseUrl'));
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await shop.close();
});

it('is found by indexes, among 500,000 orders of a sale', async () => {
  const { id } = await shop.sale({ hot: 100_000 }, 'none');
  const remaining = async () => (await client.query<object>(REMAINING.text, [id])).rows[0];
  const fill = (status: string, count: number, expires: string | null = null) =>
    client.query(
      `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at, expires_at)
       SELECT gen_random_uuid(), $1, 'hot', n::text, 1, $2, $5, now(), $4::timestamptz FROM generate_series(1, $3::int) AS n`,
      [id, status, count, expires, randomUUID()],
    );
  await client.query('UPDATE stock SET available = 0 WHERE sale_id = $1', [id]);
  await fill('rejected', 400_000);
  await fill('paid', 99_999);
  await fill('reserved', 1);
  try {
    await client.query('VACUUM ANALYZE orders');
    await client.query('SET plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE remaining AS ${REMAINING.text}`);
    const { rows } = await client.query(`EXPLAIN EXECUTE remaining('${id}')`);
    const plan = JSON.stringify(rows);
    expect(plan).toMatch(/Index Only Scan using orders_of_sale.* using orders_paid/);
    expect(plan).not.toMatch(/Scan on orders/);

    expect(await remaining()).toEqual({ available: 0, over: false });
    await client.query(`UPDATE orders SET status = 'paid' WHERE sale_id = $1 AND status = 'reserved'`, [id]);
    expect(await remaining()).toEqual({ available: 0, over: true });
    await fill('reserved', 1, 'tomorrow');
    expect(await remaining()).toEqual({ available: 0, over: false });
  } finally {
    await client.query('DELETE FROM orders WHERE sale_id = $1', [id]);
    await client.query('ANALYZE orders');
  }
});

it('is told anew when an admin has added units to a sale of which all was paid', async () => {
  const { id } = await shop.sale({ hot: 0 }, 'none');
  const stock = new RemainingStock(poolOf(shop.dataSource));
  expect(await stock.of(id)).toEqual({ available: 0, over: true });
  await client.query('UPDATE stock SET initial = 5, available = 5 WHERE sale_id = $1', [id]);
  await expect.poll(() => stock.of(id), { timeout: 10_000 }).toEqual({ available: 5, over: false });
});
