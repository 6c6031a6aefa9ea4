import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import pg from 'pg';
import type { OrderView } from '../src/orders/order.schema.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

let api: Api;
let settler: Settler;
const database = new pg.Pool({ connectionString: inject('databaseUrl') });
beforeAll(async () => {
  api = await Api.start({ PAYMENT_TIMEOUT_MS: 300 });
  settler = new Settler({ reservationTtlSeconds: 60 });
});
afterAll(async () => {
  await settler.stop();
  await api.stop();
  await database.end();
});

let saleId: string;
let order: OrderView;
const reserve = async (quantity = 1) => {
  const { body } = await api.checkout(saleId, { prefer: 'wait=10', body: { quantity } }).expect(201);
  return body as OrderView;
};
beforeEach(async () => {
  ({ id: saleId } = await api.sale({ reservationTtlSeconds: 60 }));
  order = await reserve(2);
});

const pay = (token: string, { orderId } = order) =>
  api.http.post(`/orders/${orderId}/payment`).send({ token });
const cancel = ({ orderId } = order) => api.http.delete(`/orders/${orderId}`);
const stored = async ({ orderId } = order) => {
  const { body } = await api.http.get(`/orders/${orderId}`).expect(200);
  return body as OrderView;
};
const item = async () => {
  const { body } = await api.http.get(`/sales/${saleId}`).expect(200);
  return (body as { items: object[] }).items[0];
};
/** Units for which the provider has money of this order's buyer. */
const charged = async ({ orderId } = order) => {
  const { rows } = await database.query<{ units: number }>(
    `SELECT coalesce(sum(charges.units), 0)::int AS units
     FROM payments JOIN payment_provider.charges ON key = payments.id
     WHERE order_id = $1 AND charges.status = 'charged'`,
    [orderId],
  );
  return rows[0]!.units;
};
const timeOver = () =>
  database.query('UPDATE orders SET expires_at = clock_timestamp() WHERE id = $1', [order.orderId]);

describe('POST /orders/:orderId/payment', () => {
  it('pays a reservation, which is sold then', async () => {
    const { expiresAt, ...reserved } = await stored();
    expect(Date.parse(expiresAt!) - Date.now()).toBeGreaterThan(50_000);
    const { body } = await pay('tok_visa').expect(200);
    const { paidAt, ...paid } = body as OrderView;
    expect(paid).toEqual({ ...reserved, status: 'paid' });
    expect(Date.parse(paidAt!)).toBeGreaterThan(Date.now() - 60_000);
    expect(await stored()).toEqual(body);
    expect(await item()).toEqual({ sku: 'hot', initial: 5, available: 3, held: 0, sold: 2 });
    expect(await charged()).toBe(2);
  });

  it('has one effect, however often and from wherever it is asked for', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay('tok_slow-50')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await charged()).toBe(2);
  });

  it('does not find out for a stranger which of many cards work', async () => {
    const tries: string[] = [];
    for (let i = 0; i < 30; i++) tries.push(((await pay(`tok_declined-${i}`)).body as { code: string }).code);
    expect(tries.filter((code) => code === 'PAYMENT_DECLINED')).toHaveLength(10);
    expect(new Set(tries.slice(10))).toEqual(new Set(['PAYMENTS_EXHAUSTED']));
    await pay('tok_visa').expect(problem('PAYMENTS_EXHAUSTED'));
    await pay('tok_declined-9').expect(problem('PAYMENT_DECLINED')); // what it came to before
    expect(await charged()).toBe(0);
    await cancel().expect(200);
    await pay('tok_visa').expect(problem('ORDER_NOT_PAYABLE'));
  });

  it('is declined and can be tried with another token', async () => {
    await pay('tok_declined').expect(problem('PAYMENT_DECLINED'));
    await pay('tok_declined').expect(problem('PAYMENT_DECLINED'));
    expect(await stored()).toMatchObject({ status: 'reserved' });
    await pay('tok_visa').expect(200);
    await pay('tok_declined').expect(problem('PAYMENT_DECLINED')); // what it came to before
    await pay('tok_other').expect(problem('ORDER_NOT_PAYABLE'));
    expect(await charged()).toBe(2);
  });

  it('tells when it is unknown, and finds out when it is asked again', async () => {
    await pay('tok_timeout').expect(problem('PAYMENT_UNKNOWN'));
    expect(await stored()).toMatchObject({ status: 'reserved' });
    await pay('tok_visa').expect(problem('PAYMENT_IN_PROGRESS')); // else it might be charged twice
    await pay('tok_timeout').expect(200);
    expect(await charged()).toBe(2);
  });

  it('is refused once the time of the reservation is over', async () => {
    await timeOver();
    await pay('tok_visa').expect(problem('ORDER_NOT_PAYABLE'));
    expect(await charged()).toBe(0);
  });

  it('is refused for an order that was rejected', async () => {
    const tooMany = { prefer: 'wait=10', body: { quantity: 4 } };
    const { body } = await api.checkout(saleId, tooMany).expect(problem('INSUFFICIENT_STOCK'));
    await pay('tok_visa', body as OrderView).expect(problem('ORDER_NOT_PAYABLE'));
  });

  it('needs an order and a token', async () => {
    await pay('tok_visa', { ...order, orderId: randomUUID() }).expect(problem('ORDER_NOT_FOUND'));
    await pay('').expect(problem('VALIDATION_FAILED'));
    await pay('tok visa').expect(problem('VALIDATION_FAILED'));
    await api.http.post(`/orders/${order.orderId}/payment`).expect(problem('VALIDATION_FAILED'));
    await api.http.post('/orders/42/payment').send({ token: 't' }).expect(problem('VALIDATION_FAILED'));
  });

  it('works for a sale whose reservations have no end', async () => {
    await settler.stop();
    settler = new Settler();
    ({ id: saleId } = await api.sale());
    const endless = await reserve();
    expect(await stored(endless)).not.toHaveProperty('expiresAt');
    await pay('tok_visa', endless).expect(200);
  });
});

describe('DELETE /orders/:orderId', () => {
  it('cancels a reservation, whose units come back', async () => {
    const { body } = await cancel().expect(200);
    expect(body).toMatchObject({ ...order, status: 'cancelled' });
    expect(await item()).toEqual({ sku: 'hot', initial: 5, available: 5, held: 0, sold: 0 });
    await cancel().expect(200, body as object);
    await pay('tok_visa').expect(problem('ORDER_NOT_PAYABLE'));
  });

  it('reopens a sale that is sold out, at once', async () => {
    await reserve(3);
    await api.checkout(saleId, { prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    await api.checkout(saleId).expect(problem('SOLD_OUT')); // without a worker
    await cancel().expect(200);
    await reserve(2);
  });

  it('does not cancel what is paid', async () => {
    await pay('tok_visa').expect(200);
    await cancel().expect(problem('ORDER_NOT_CANCELLABLE'));
  });

  it('wins over a payment that is under way; what is charged all the same goes back', async () => {
    const payment = pay('tok_slow-200').then((answer) => answer);
    await expect
      .poll(
        async () =>
          (await database.query('SELECT FROM payments WHERE order_id = $1', [order.orderId])).rowCount,
      )
      .toBe(1);
    await cancel().expect(200);
    problem('ORDER_NOT_PAYABLE')(await payment);
    const { rows } = await database.query('SELECT status FROM payments WHERE order_id = $1', [order.orderId]);
    expect(rows).toEqual([{ status: 'refunding' }]); // a worker carries it out
  });

  it('needs an order', async () => {
    await cancel({ ...order, orderId: randomUUID() }).expect(problem('ORDER_NOT_FOUND'));
    await api.http.delete('/orders/42').expect(problem('VALIDATION_FAILED'));
  });

  it('says that it is accepted while no worker gives the units back', async () => {
    await settler.stop();
    const { body } = await cancel().set('prefer', 'wait=1').expect(202);
    expect(body).toMatchObject({ status: 'reserved' });
    await pay('tok_visa').expect(problem('ORDER_NOT_PAYABLE'));
    settler = new Settler({ reservationTtlSeconds: 60 });
    await cancel().expect(200);
  });

  it('tells that a queued order is not settled yet', async () => {
    await settler.stop();
    const { body } = await api.checkout(saleId).expect(202);
    await cancel(body as OrderView).expect(problem('ORDER_NOT_CANCELLABLE'));
    await pay('tok_visa', body as OrderView).expect(problem('ORDER_NOT_PAYABLE'));
    settler = new Settler({ reservationTtlSeconds: 60 });
  });
});
