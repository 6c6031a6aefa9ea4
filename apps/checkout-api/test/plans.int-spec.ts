import { OwnDatabase, planOf } from '@app/testing';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { BUYER_OF_ORDER } from '../src/buyers/buyer-of-settled.js';
import { LOOK_UP } from '../src/core/look-up.js';
import { HOLDING, SETTLED_ORDERS } from '../src/orders/orders.service.js';
import { REMAINING } from '../src/waiting-room/remaining-stock.js';

let own: OwnDatabase;
beforeAll(async () => {
  own = await OwnDatabase.create(inject('databaseUrl'));
  await own.run(`
    INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'hot', n::text, 1, 'reserved', 'k', now() FROM generate_series(1, 20) AS n;
    ANALYZE`);
});
afterAll(() => own.drop());

it.each([BUYER_OF_ORDER, HOLDING, LOOK_UP, REMAINING, SETTLED_ORDERS])(
  '$name, planned while there are few orders, finds its rows by an index',
  async ({ text }) => {
    expect((await planOf(own.url, text)).join('\n')).not.toMatch(/Seq Scan/);
  },
);
