import { OwnDatabase, planOf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { HELD_SQL, READ_SQL, RESTOCK_SQL, SELL_SQL, SETTLED_SQL } from '../src/section/stock-sql.js';
import { READ_ROWS_SQL, SELL_ROWS_SQL } from '../src/throughput/gathering-sql.js';

/** A session plans a statement once. It may do so before the first order, and go on for a million. */
const STATEMENTS = {
  ...Object.fromEntries(Object.entries(READ_SQL).map(([mode, sql]) => [`read, ${mode}`, sql])),
  ...Object.fromEntries(Object.entries(SELL_SQL).map(([mode, sql]) => [`sell, ${mode}`, sql])),
  ...Object.fromEntries(Object.entries(RESTOCK_SQL).map(([mode, sql]) => [`restock, ${mode}`, sql])),
  'read rows': READ_ROWS_SQL,
  'sell rows': SELL_ROWS_SQL,
  settled: SETTLED_SQL,
  held: HELD_SQL,
};

let own: OwnDatabase;
beforeAll(async () => void (own = await OwnDatabase.create(inject('databaseUrl'))));
afterAll(() => own.drop());

const FEW_ORDERS = `
  INSERT INTO sales (id, name, strategy) VALUES ('5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e', 'few', 'redis');
  INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at)
  SELECT gen_random_uuid(), '5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e', 'hot', n::text, 1, 'reserved', 'k', now()
  FROM generate_series(1, 20) AS n;
  INSERT INTO stock (sale_id, sku, stripe, initial, available)
  SELECT '5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e', 'hot', n, 5, 5 FROM generate_series(0, 7) AS n;
  ANALYZE`;

describe.each([
  ['while there is no order', ''],
  ['while there are few', FEW_ORDERS],
])('a statement that was planned %s', (_, fill) => {
  beforeAll(() => own.run(fill));

  it.each(Object.entries(STATEMENTS))('finds its rows by an index: %s', async (_name, sql) => {
    const plan = (await planOf(own.url, sql)).join('\n');
    expect(plan).not.toMatch(/Seq Scan/);
  });

  it('looks for what buyers hold among their orders, not among all that was sold', async () => {
    expect((await planOf(own.url, HELD_SQL)).join('\n')).toMatch(/using orders_key on orders/);
  });
});
