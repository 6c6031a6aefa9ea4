import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

const BILLION = 1_000_000_000;

let api: Api;
const database = new pg.Pool({ connectionString: inject('databaseUrl') });
beforeAll(async () => {
  api = await Api.start();
});
afterAll(async () => {
  await api.stop();
  await database.end();
});

/** So many orders of two billion units each, which buyers could not ask for at once. */
const insertOrders = (saleId: string, count: number, status: string, reason: string | null) =>
  database.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
     SELECT gen_random_uuid(), $1, 'a', 'b', 2000000000, $3, $4, $3 || n, now() FROM generate_series(1, $2::int) AS n`,
    [saleId, count, status, reason],
  );

it('units beyond 2^31 are added up exactly, wherever they are told', async () => {
  const items = ['a', 'b', 'c'].map((sku) => ({ sku, stock: BILLION }));
  const { id } = await api.sale({ items, stripes: 2, waitingRoom: { places: 1, placeTtlSeconds: 300 } });
  await insertOrders(id, 3, 'rejected', 'SOLD_OUT');
  const total = { initial: 3 * BILLION, available: 3 * BILLION, rejected: 6 * BILLION };
  const audit = await api.audit(id).expect(200);
  expect(audit.body).toMatchObject({ total: { ...total, undersold: BILLION, conserved: true } });
  const live = await api.http
    .get(`/sales/${id}/live`)
    .set('authorization', `Bearer ${ADMIN_KEY}`)
    .expect(200);
  expect(live.body).toMatchObject({ total, settled: 3 });
  await api.http.get(`/sales/${id}`).expect(200);
  const enter = (buyerId: string) => api.http.post(`/sales/${id}/waiting-room`).send({ buyerId });
  await enter('a').expect(200);
  expect((await enter('b').expect(202)).body).toMatchObject({ available: 3 * BILLION });
});

it('a buyer who holds more is told so, and with which orders', async () => {
  const perBuyerLimit = 5;
  const settler = new Settler({ perBuyerLimit });
  try {
    const { id } = await api.sale({ items: [{ sku: 'a', stock: BILLION }], perBuyerLimit });
    await insertOrders(id, 3, 'reserved', null);
    const { body } = await api
      .checkout(id, { body: { sku: 'a', buyerId: 'b' }, prefer: 'wait=10' })
      .expect(problem('BUYER_LIMIT_EXCEEDED'));
    const held = { sku: 'a', quantity: 2 * BILLION, status: 'reserved' };
    expect((body as { holding: object[] }).holding).toEqual(
      [1, 2, 3].map(() => expect.objectContaining(held)),
    );
  } finally {
    await settler.stop();
  }
});
