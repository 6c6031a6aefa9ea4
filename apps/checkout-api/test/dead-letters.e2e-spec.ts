import { DeadLetters, keysOf, type QueuedOrder } from '@app/checkout-queue';
import { orderOf } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';

const keys = keysOf();

let api: Api;
let saleId: string;
beforeAll(async () => {
  api = await Api.start({ BUYER_AUTH: 'secret', BUYER_JWT_SECRET: SECRET });
  saleId = (await api.sale({ items: [{ sku: 'hot', stock: 5 }] })).id;
});
afterAll(() => api.stop());

const admin = `Bearer ${ADMIN_KEY}`;
const why = Object.assign(new Error('no such byte'), { code: '22021' });

/** As a worker leaves it after it was accepted. */
async function refuse(order: QueuedOrder = orderOf(saleId)): Promise<QueuedOrder> {
  expect(await api.admissions.admit(order)).toBe('accepted');
  await api.app.get(DeadLetters).keepOrder(order, why);
  return order;
}
const listed = async (orderId: string) => {
  const { body } = await api.http.get('/dead-letters?limit=1000').set('authorization', admin).expect(200);
  return (body as { orderId: string }[]).find((letter) => letter.orderId === orderId);
};
const retry = (orderId: string) =>
  api.http.post(`/dead-letters/${orderId}/retry`).set('authorization', admin);
const statusOf = async (orderId: string) => {
  const { body } = await api.http.get(`/orders/${orderId}`).set('authorization', admin).expect(200);
  return body as object;
};
const pending = async () => (await api.admissions.pending(saleId, ['hot'])).get('hot');

describe('an order that was refused for good', () => {
  it('has left the queue, is told as rejected, and is listed with its reason', async () => {
    const before = await pending();
    const { orderId, buyerId } = await refuse();
    expect(await pending()).toBe(before);
    expect(await api.admissions.find(orderId)).toBeUndefined();
    expect(await statusOf(orderId)).toEqual({
      orderId,
      saleId,
      sku: 'hot',
      quantity: 1,
      status: 'rejected',
      reason: 'UNPROCESSABLE',
    });
    expect(await listed(orderId)).toMatchObject({
      kind: 'checkout',
      buyerId,
      code: '22021',
      message: 'no such byte',
    });
    const { text } = await api.http.get('/metrics');
    expect(text).toMatch(/^dead_letters [1-9]/m);
  });

  it('is told to its own buyer and to nobody else', async () => {
    const { orderId } = await refuse(orderOf(saleId, { buyerId: 'ann' }));
    const as = async (buyer: string) =>
      api.http.get(`/orders/${orderId}`).set('authorization', `Bearer ${await tokenOf(buyer)}`);
    expect(await as('ann')).toMatchObject({ status: 200, body: { reason: 'UNPROCESSABLE' } });
    problem('ORDER_NOT_FOUND')(await as('bob'));
  });

  it('ends the wait of its client, also when the message gets lost, and answers a repeated checkout', async () => {
    const named = orderOf(saleId, { idempotencyKey: randomUUID() });
    const order = { ...named, orderId: await api.orderIdOf(saleId, named.buyerId, named.idempotencyKey) };
    const checkout = async () => {
      const call = api.checkout(saleId, {
        key: order.idempotencyKey,
        prefer: 'wait=10',
        body: { buyerId: order.buyerId },
      });
      problem('UNPROCESSABLE')(await call.set('authorization', admin));
    };
    const waiting = checkout();
    await expect.poll(() => api.admissions.find(order.orderId), { timeout: 5_000 }).toBeDefined();
    await api.app.get(DeadLetters).keepOrder(order, why); // it names no replica to tell
    await waiting;
    await checkout();
  });

  it('goes back to the queue as it was accepted when it is sent again', async () => {
    const order = await refuse();
    await retry(order.orderId).expect(202);
    expect(await api.admissions.find(order.orderId)).toEqual(order);
    expect(await statusOf(order.orderId)).toMatchObject({ status: 'queued' });
    expect(await listed(order.orderId)).toBeUndefined();
    await retry(order.orderId).expect(problem('DEAD_LETTER_NOT_FOUND'));
  });

  it('leaves room in the backlog of its sale', async () => {
    const backlog = () => api.redis.get(keys.backlog(saleId));
    const before = await backlog();
    await refuse();
    expect(await backlog()).toBe(before);
  });

  it('is discarded, any number of times', async () => {
    const { orderId } = await refuse();
    for (let i = 0; i < 2; i++)
      await api.http.delete(`/dead-letters/${orderId}`).set('authorization', admin).expect(204);
    expect(await listed(orderId)).toBeUndefined();
  });

  it('has in the trail who sent it again or discarded it, once', async () => {
    const [again, discarded] = [await refuse(), await refuse()];
    await retry(again.orderId).expect(202);
    for (let i = 0; i < 2; i++)
      await api.http.delete(`/dead-letters/${discarded.orderId}`).set('authorization', admin).expect(204);
    const { body } = await api.http.get(`/actions?saleId=${saleId}&limit=2`).set('authorization', admin);
    expect(body).toMatchObject([
      { action: 'discard-dead-letter', admin: 'admin', orderId: discarded.orderId },
      { action: 'retry-dead-letter', admin: 'admin', orderId: again.orderId },
    ]);
  });
});

describe('a reservation that cannot end', () => {
  it('is listed, and reminded of when it is sent again', async () => {
    const { orderId } = orderOf(saleId);
    await api.app.get(DeadLetters).keepRestock({ orderId, saleId, sku: 'hot' }, why);
    expect(await listed(orderId)).toMatchObject({ kind: 'release', code: '22021' });
    await api.http.get(`/orders/${orderId}`).set('authorization', admin).expect(problem('ORDER_NOT_FOUND'));
    await retry(orderId).expect(202);
    expect(await listed(orderId)).toBeUndefined();
  });
});

it.each([
  ['GET', '/dead-letters'],
  ['POST', `/dead-letters/${randomUUID()}/retry`],
  ['DELETE', `/dead-letters/${randomUUID()}`],
] as const)('%s %s wants the admin key', async (method, path) => {
  const call = { GET: api.http.get(path), POST: api.http.post(path), DELETE: api.http.delete(path) }[method];
  await call.expect(problem('ADMIN_KEY_REQUIRED'));
});
