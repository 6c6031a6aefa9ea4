import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { LOOK_UP } from '../src/core/look-up.js';
import { Shop } from '@app/testing';

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

it('finds by an index whether a sale has an order, however many others have', async () => {
  const old = await shop.sale({ hot: 1 }, 'none');
  await client.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
     SELECT gen_random_uuid(), $1, 'hot', n::text, 1, 'rejected', 'SOLD_OUT', 'k', now() FROM generate_series(1, 50000) AS n`,
    [old.id],
  );
  try {
    await client.query('ANALYZE orders');
    await client.query('SET plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE look_up AS ${LOOK_UP.text}`);
    const id = `ARRAY['${old.id}']::uuid[]`; // no order has it, and no sale that is new has orders
    const plan = await client.query(`EXPLAIN EXECUTE look_up(${id}, ${id})`);
    expect(JSON.stringify(plan.rows)).not.toContain('Seq Scan');
  } finally {
    await client.query('DELETE FROM orders WHERE sale_id = $1', [old.id]);
    await client.query('ANALYZE orders');
  }
});
