import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, Api, READ_KEY } from './support/api.js';
import { tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';
import type { OrderView } from '../src/orders/order.schema.js';
import type { SaleView } from '../src/sales/sale.schema.js';

let api: Api;
let sale: SaleView;
beforeAll(async () => {
  api = await Api.start({ ADMIN_KEYS: [{ name: 'grafana', scope: 'read', key: READ_KEY }] });
});
afterAll(() => api.stop());

const admin = `Bearer ${ADMIN_KEY}`;
const items = [{ sku: 'hot', stock: 3, price: 1_999 }];

async function paid(quantity = 1): Promise<OrderView> {
  const { body } = await api.checkout(sale.id, { prefer: 'wait=10', body: { quantity } }).expect(201);
  const { orderId } = body as OrderView;
  await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
  return order(orderId);
}
const order = async (orderId: string) =>
  (await api.http.get(`/orders/${orderId}`).expect(200)).body as OrderView;
const refund = (orderId: string, body: object = {}, prefer = 'wait=10') =>
  api.http.post(`/orders/${orderId}/refund`).set('authorization', admin).set('prefer', prefer).send(body);
const total = async () => {
  const { body } = await api.http.get(`/sales/${sale.id}/audit`).set('authorization', admin).expect(200);
  return (body as { total: object }).total;
};
const charges = async (orderId: string) => {
  const { rows } = await api.database.query<object>(
    `SELECT charges.status, charges.amount::int, charges.currency FROM payments JOIN payment_provider.charges ON key = payments.id
     WHERE order_id = $1`,
    [orderId],
  );
  return rows;
};
const SOUND = { oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };

describe('a sale with prices', () => {
  it('tells them, and the provider takes what the order costs', async () => {
    sale = await api.sale({ currency: 'EUR', items });
    expect(sale).toMatchObject({ currency: 'EUR', items: [{ price: 1_999 }] });
    settle();
    const price = { unit: 1_999, total: 3_998, currency: 'EUR' };
    const { body } = await api.checkout(sale.id, { prefer: 'wait=10', body: { quantity: 2 } }).expect(201);
    const { orderId } = body as OrderView;
    expect(body).toMatchObject({ price, acceptedAt: expect.any(String) as string });
    await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    const now = await order(orderId);
    expect(now).toMatchObject({ price, status: 'paid' });
    const { acceptedAt, settledAt, paidAt } = now;
    expect(Date.parse(paidAt!)).toBeGreaterThanOrEqual(Date.parse(settledAt!));
    expect(Date.parse(settledAt!)).toBeGreaterThan(Date.parse(acceptedAt!) - 1_000);
    expect(await charges(orderId)).toEqual([{ status: 'charged', amount: 3_998, currency: 'EUR' }]);
  });

  it('has a price for every item, or for none', async () => {
    const cold = { sku: 'cold', stock: 1 };
    for (const wrong of [
      { items },
      { currency: 'EUR', items: [cold] },
      { currency: 'EUR', items: [...items, cold] },
    ])
      await api.openSale({ name: 'test', ...wrong }).expect(problem('VALIDATION_FAILED'));
    await api.openSale({ name: 'test', currency: 'euro', items }).expect(problem('VALIDATION_FAILED'));
  });
});

describe('a refund', () => {
  it('sends the money back once, and leaves the units sold', async () => {
    sale = await api.sale({ currency: 'EUR', items });
    settle();
    const { orderId } = await paid();
    const refunded = await Promise.all([1, 2, 3].map(() => refund(orderId).expect(200)));
    for (const { body } of refunded) expect(body).toMatchObject({ orderId, status: 'refunded' });
    expect(await charges(orderId)).toEqual([expect.objectContaining({ status: 'refunded' })]);
    expect(await total()).toMatchObject({ initial: 3, available: 2, held: 0, sold: 1, ...SOUND });
    await api.http
      .post(`/orders/${orderId}/payment`)
      .send({ token: 'tok_visa' })
      .expect(problem('ORDER_NOT_PAYABLE'));
    await api.http.delete(`/orders/${orderId}`).expect(problem('ORDER_NOT_CANCELLABLE'));
  });

  it('brings the units back if that is wanted, at once or later, and once', async () => {
    sale = await api.sale({ currency: 'EUR', items });
    settle();
    const [first, second] = [await paid(2), await paid()];
    await api.checkout(sale.id, { prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    const { body } = await refund(first.orderId, { restock: true, reason: 'did not fit' }).expect(200);
    expect(body).toMatchObject({ status: 'refunded', restockedAt: expect.any(String) as string });
    await refund(second.orderId).expect(200);
    expect(await total()).toMatchObject({ available: 2, sold: 1, conserved: true, lostUpdates: 0 });
    await Promise.all([1, 2].map(() => refund(second.orderId, { restock: true }).expect(200)));
    expect(await total()).toMatchObject({ available: 3, sold: 0, conserved: true, lostUpdates: 0 });
    await paid(3);
    expect(await total()).toMatchObject({ available: 0, sold: 3, ...SOUND });
    const { body: told } = await api.http
      .get(`/actions?saleId=${sale.id}`)
      .set('authorization', admin)
      .expect(200);
    expect(
      (told as { details: object; orderId: string }[]).map(({ details, orderId }) => ({ details, orderId })),
    ).toEqual([
      { details: { restock: true }, orderId: second.orderId },
      { details: { restock: false }, orderId: second.orderId },
      { details: { restock: true, reason: 'did not fit' }, orderId: first.orderId },
      { details: {}, orderId: null },
    ]);
  });

  it('counts no longer against the limit of its buyer', async () => {
    sale = await api.sale({ perBuyerLimit: 1 });
    settle({ perBuyerLimit: 1 });
    const mine = { prefer: 'wait=10', body: { buyerId: 'ann' } };
    const { body } = await api.checkout(sale.id, mine).expect(201);
    const { orderId } = body as OrderView;
    await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    await api.checkout(sale.id, mine).expect(problem('BUYER_LIMIT_EXCEEDED'));
    await refund(orderId).expect(200);
    await api.checkout(sale.id, mine).expect(201);
  });

  it('is for paid orders, and for admins', async () => {
    sale = await api.sale();
    settle();
    const { body } = await api.checkout(sale.id, { prefer: 'wait=10' }).expect(201);
    const { orderId } = body as OrderView;
    await refund(orderId).expect(problem('ORDER_NOT_REFUNDABLE'));
    await refund('5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4').expect(problem('ORDER_NOT_FOUND'));
    const ask = (key: string) =>
      api.http.post(`/orders/${orderId}/refund`).set('authorization', `Bearer ${key}`).send({});
    await ask(READ_KEY).expect(problem('ADMIN_SCOPE_REQUIRED'));
    await ask(await tokenOf('ann')).expect(problem('ADMIN_KEY_REQUIRED'));
  });
});
