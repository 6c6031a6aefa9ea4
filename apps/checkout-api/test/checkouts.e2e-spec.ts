import { orderIdOf } from '@app/orders';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';

let api: Api;
beforeAll(async () => {
  api = await Api.start({ MAX_QUANTITY_PER_ORDER: 10 });
});
afterAll(() => api.stop());

const order = async (orderId: string) =>
  (await api.http.get(`/orders/${orderId}`).expect(200)).body as OrderView;

async function settled(orderId: string): Promise<OrderView> {
  for (;;) {
    const now = await order(orderId);
    if (now.status !== 'queued') return now;
    await delay(20);
  }
}

/** A moment, in an answer. */
const TIME = expect.any(String) as string;
const SETTLED = { acceptedAt: TIME, settledAt: TIME };

describe('POST /sales/:saleId/checkouts', () => {
  it('names an order as nobody can guess, however easily buyer and key are guessed', async () => {
    const [one, other] = [await api.sale(), await api.sale()];
    const { body } = await api.checkout(one.id, { key: '1', body: { buyerId: 'ann' } }).expect(202);
    // What is known to whoever reads the source, for the same sale, buyer and key.
    for (const orderNamespace of ['5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e', one.id, other.id]) {
      const guess = orderIdOf({ id: one.id, orderNamespace }, 'ann', '1');
      expect(guess).not.toBe((body as OrderView).orderId);
      await api.http.get(`/orders/${guess}`).expect(problem('ORDER_NOT_FOUND'));
    }
    for (const path of ['/sales', `/sales/${one.id}`, `/sales/${one.id}/audit`]) {
      const { text } = await api.http.get(path).auth(ADMIN_KEY, { type: 'bearer' }).expect(200);
      expect(text).not.toMatch(/namespace/i);
    }
  });

  it('queues an order', async () => {
    const { id } = await api.sale();
    const buyerId = 'buyer-1';
    const { body, headers } = await api
      .checkout(id, { key: 'k', body: { buyerId, quantity: 2 } })
      .expect(202);
    const orderId = await api.orderIdOf(id, buyerId, 'k');
    expect(body).toEqual({ orderId, status: 'queued' });
    expect(headers.location).toBe(`/orders/${orderId}`);
    expect(headers['preference-applied']).toBeUndefined();
    expect(await order(orderId)).toEqual({
      orderId,
      saleId: id,
      sku: 'hot',
      quantity: 2,
      status: 'queued',
      acceptedAt: TIME,
    });
    const queued = await api.admissions.find(orderId);
    expect(queued).toMatchObject({ saleId: id, sku: 'hot', quantity: 2, buyerId, idempotencyKey: 'k' });
    await api.checkout(id.toUpperCase(), { key: 'k', body: { buyerId, quantity: 2 } }).expect(202, body);
  });

  it('makes one order of a stampede with one key', async () => {
    const { id } = await api.sale();
    const same = { key: randomUUID(), body: { buyerId: 'b' } };
    const before = await api.admissions.backlog();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.checkout(id, same)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await api.admissions.backlog()).toBe(before + 1);
  });

  it('tells a replay what became of its order', async () => {
    const { id } = await api.sale();
    const same = { key: 'k', body: { buyerId: 'b' } };
    const { orderId } = (await api.checkout(id, same).expect(202)).body as OrderView;
    settle();
    expect(await settled(orderId)).toMatchObject({ status: 'reserved', saleId: id, sku: 'hot', quantity: 1 });
    await api.checkout(id, same).expect(202, { orderId, status: 'reserved', sku: 'hot', quantity: 1 });
    const { body, headers } = await api.checkout(id, { ...same, prefer: 'wait=1' }).expect(201);
    expect(body).toEqual({
      orderId,
      saleId: id,
      sku: 'hot',
      quantity: 1,
      status: 'reserved',
      ...SETTLED,
    });
    expect(headers['preference-applied']).toBe('wait=1');
    await api
      .checkout(id, { ...same, body: { buyerId: 'b', quantity: 2 } })
      .expect(problem('IDEMPOTENCY_KEY_REUSED'));
  });

  it('knows the key by buyer and sale', async () => {
    const [one, other] = [await api.sale(), await api.sale()];
    const ids = new Set<string>();
    for (const [sale, buyerId] of [
      [one, 'a'],
      [one, 'b'],
      [other, 'a'],
    ] as const) {
      const { body } = await api.checkout(sale.id, { key: 'same', body: { buyerId } }).expect(202);
      ids.add((body as OrderView).orderId);
    }
    expect(ids.size).toBe(3);
  });

  it('refuses the key with another body', async () => {
    const items = ['hot', 'cold'].map((sku) => ({ sku, stock: 5 }));
    const { id } = await api.sale({ items });
    await api.checkout(id, { key: 'k', body: { buyerId: 'b' } }).expect(202);
    for (const change of [{ quantity: 2 }, { sku: 'cold' }]) {
      await api
        .checkout(id, { key: 'k', body: { buyerId: 'b', ...change } })
        .expect(problem('IDEMPOTENCY_KEY_REUSED'));
    }
  });

  it('queues an order again that neither the queue nor Postgres has', async () => {
    const { id } = await api.sale();
    const same = { key: 'k', body: { buyerId: 'b' } };
    const { body } = await api.checkout(id, same).expect(202);
    const { orderId } = body as OrderView;
    await api.redis.hdel('checkout:queued', orderId); // as if somebody had deleted it by hand
    await api.http.get(`/orders/${orderId}`).expect(problem('ORDER_NOT_FOUND'));
    await api.checkout(id, same).expect(202, { orderId, status: 'queued' });
    expect(await order(orderId)).toMatchObject({ status: 'queued' });
    settle();
    expect(await settled(orderId)).toMatchObject({ status: 'reserved' });
  });

  it('says at once that a SKU is sold out, and still knows who got it', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    const settler = settle();
    const first = { key: 'k', body: { buyerId: 'b' } };
    const { body } = await api.checkout(id, { ...first, prefer: 'wait=10' }).expect(201);
    await settler.stop(); // from here on nobody but the API can answer
    const late = { key: 'late', body: { buyerId: 'late' } };
    await api.checkout(id, { ...late, prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    await api.http
      .get(`/orders/${await api.orderIdOf(id, 'late', 'late')}`)
      .expect(problem('ORDER_NOT_FOUND'));
    const { orderId } = body as OrderView;
    await api.checkout(id, first).expect(202, { orderId, status: 'reserved', sku: 'hot', quantity: 1 });
  });

  it.each<[string, object, string]>([
    ['nothing', { quantity: 0 }, 'quantity'],
    ['less than nothing', { quantity: -1 }, 'quantity'],
    ['half of one', { quantity: 0.5 }, 'quantity'],
    ['a number in words', { quantity: '1' }, 'quantity'],
    ['more than one order may have', { quantity: 11 }, 'quantity'],
    ['more than any order may have', { quantity: 1e15 }, 'quantity'],
    ['no SKU', { sku: undefined }, 'sku'],
    ['no buyer', { buyerId: '' }, 'buyerId'],
    ['a buyer with a NUL', { buyerId: 'a\0b' }, 'buyerId'],
    ['a long buyer', { buyerId: 'b'.repeat(129) }, 'buyerId'],
    ['an unknown property', { price: 1 }, ''],
  ])('refuses %s', async (_, body, path) => {
    const { id } = await api.sale();
    const answer = await api.checkout(id, { body }).expect(problem('VALIDATION_FAILED'));
    expect((answer.body as { errors: object[] }).errors).toContainEqual(expect.objectContaining({ path }));
  });

  it('needs a usable key', async () => {
    const { id } = await api.sale();
    const url = `/sales/${id}/checkouts`;
    const body = { sku: 'hot', quantity: 1, buyerId: 'b' };
    await api.http.post(url).send(body).expect(problem('IDEMPOTENCY_KEY_MISSING'));
    await api.checkout(id, { key: '' }).expect(problem('IDEMPOTENCY_KEY_MISSING'));
    await api.checkout(id, { key: 'a b' }).expect(problem('IDEMPOTENCY_KEY_INVALID'));
    await api.checkout(id, { key: 'ü' }).expect(problem('IDEMPOTENCY_KEY_INVALID'));
    await api.checkout(id, { key: 'k'.repeat(256) }).expect(problem('IDEMPOTENCY_KEY_INVALID'));
    await api.checkout(id, { key: 'k'.repeat(255) }).expect(202);
  });

  it('knows neither every sale nor every SKU', async () => {
    const { id } = await api.sale();
    await api.checkout(randomUUID()).expect(problem('SALE_NOT_FOUND'));
    await api.checkout('42').expect(problem('VALIDATION_FAILED'));
    await api.checkout(id, { body: { sku: 'cold' } }).expect(problem('SKU_NOT_FOUND'));
  });

  it('refuses more than one buyer may hold', async () => {
    const { id } = await api.sale({ perBuyerLimit: 2 });
    await api.checkout(id, { body: { quantity: 3 } }).expect(problem('BUYER_LIMIT_EXCEEDED'));
    await api.checkout(id, { body: { quantity: 2 } }).expect(202);
  });
});

describe('a sale with a window', () => {
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

  it('has not started', async () => {
    const { id } = await api.sale({ startsAt: soon(3_600_000) });
    await api.checkout(id).expect(problem('SALE_NOT_STARTED'));
  });

  it('has ended', async () => {
    const { id } = await api.sale({ endsAt: '2020-01-01T00:00:00Z' });
    const key = randomUUID();
    await api.checkout(id, { key, body: { buyerId: 'b' } }).expect(problem('SALE_ENDED'));
    // Nothing was admitted: that one would wait in the queue otherwise.
    await api.http.get(`/orders/${await api.orderIdOf(id, 'b', key)}`).expect(problem('ORDER_NOT_FOUND'));
  });

  it('still tells what became of an order once it has ended', async () => {
    const endsAt = soon(1_500);
    const { id } = await api.sale({ endsAt });
    const same = { key: 'k', body: { buyerId: 'b' } };
    const { orderId } = (await api.checkout(id, same).expect(202)).body as OrderView;
    await delay(Date.parse(endsAt) - Date.now() + 5);
    await api.checkout(id).expect(problem('SALE_ENDED'));
    await api.checkout(id, same).expect(202, { orderId, status: 'queued' });
    const other = { key: 'k', body: { buyerId: 'b', quantity: 2 } };
    await api.checkout(id, other).expect(problem('IDEMPOTENCY_KEY_REUSED'));
    settle();
    await api.checkout(id, { ...same, prefer: 'wait=10' }).expect(201);
    await api.checkout(id, same).expect(202, { orderId, status: 'reserved', sku: 'hot', quantity: 1 });
    await api.checkout(id, other).expect(problem('IDEMPOTENCY_KEY_REUSED'));
  });
});

describe('GET /orders/:orderId', () => {
  it('does not know every order', async () => {
    await api.http.get(`/orders/${randomUUID()}`).expect(problem('ORDER_NOT_FOUND'));
    await api.http.get('/orders/42').expect(problem('VALIDATION_FAILED'));
  });

  it('tells why an order was rejected', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    const { orderId } = (await api.checkout(id, { body: { quantity: 2 } }).expect(202)).body as OrderView;
    settle();
    expect(await settled(orderId)).toEqual({
      orderId,
      saleId: id,
      sku: 'hot',
      quantity: 2,
      status: 'rejected',
      reason: 'INSUFFICIENT_STOCK',
      ...SETTLED,
    });
    expect(await order(orderId.toUpperCase())).toMatchObject({ orderId });
  });
});
