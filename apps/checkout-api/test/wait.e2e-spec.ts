import { DeadLetters } from '@app/checkout-queue';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { OrderWatch } from '../src/orders/order-watch.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

const waiting = () => api.app.get(OrderWatch).size;

describe('Prefer: wait', () => {
  it('answers with the reserved order', async () => {
    settle();
    const { id } = await api.sale();
    const { body, headers } = await api.checkout(id, { prefer: 'respond-async, wait=10' }).expect(201);
    const { orderId } = body as OrderView;
    const acceptedAt = expect.any(String) as string;
    expect(body).toEqual({ orderId, saleId: id, sku: 'hot', quantity: 1, status: 'reserved', acceptedAt });
    expect(headers.location).toBe(`/orders/${orderId}`);
    expect(headers['preference-applied']).toBe('wait=10');
  });

  it('answers why the order was rejected', async () => {
    settle({ perBuyerLimit: 2 });
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 4 }], perBuyerLimit: 2 });
    const buy = (buyerId: string, key: string, quantity = 2) =>
      api.checkout(id, { key, prefer: 'wait=10', body: { buyerId, quantity } });
    await buy('a', '1').expect(201);
    const { body } = await buy('a', '2').expect(problem('BUYER_LIMIT_EXCEEDED'));
    const holding = [
      { orderId: await api.orderIdOf(id, 'a', '1'), sku: 'hot', quantity: 2, status: 'reserved' },
    ];
    expect(body).toMatchObject({ orderId: await api.orderIdOf(id, 'a', '2'), holding });
    await buy('b', '1', 1).expect(201);
    await buy('c', '1').expect(problem('INSUFFICIENT_STOCK'));
    // A replay gets the same answer, from Postgres.
    const again = await buy('a', '2').expect(problem('BUYER_LIMIT_EXCEEDED'));
    expect(again.body).toEqual(body);
    await api.checkout(id, { key: '2', body: { buyerId: 'a', quantity: 2 } }).expect(202, {
      orderId: await api.orderIdOf(id, 'a', '2'),
      status: 'rejected',
      reason: 'BUYER_LIMIT_EXCEEDED',
      sku: 'hot',
      quantity: 2,
    });
  });

  it('sells out: as many as there are, the others are told', async () => {
    settle();
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 10 }] });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => api.checkout(id, { prefer: 'wait=20' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    for (const answer of answers.filter(({ status }) => status !== 201)) problem('SOLD_OUT')(answer);
  });

  it('answers that the order is queued when time runs out', async () => {
    const { id } = await api.sale();
    const { body, headers } = await api.checkout(id, { prefer: 'wait=1' }).expect(202);
    expect(body).toMatchObject({ status: 'queued' });
    expect(headers['preference-applied']).toBe('wait=1');
    expect(waiting()).toBe(0);
  });

  it('finds the outcome itself when the message is lost', async () => {
    settle({ announces: false });
    const { id } = await api.sale();
    await api.checkout(id, { prefer: 'wait=20' }).expect(201);
  });

  it('looks at dead letters seldom, though one waits for long', async () => {
    const looks = vi.spyOn(api.app.get(DeadLetters), 'find');
    const { id } = await api.sale();
    await api.checkout(id, { prefer: 'wait=4' }).expect(202);
    expect(looks.mock.calls.length).toBeLessThan(4);
    looks.mockRestore();
  });

  it('lets a replay wait for the order of the first, whose reply goes elsewhere', async () => {
    const { id } = await api.sale();
    const same = { key: 'k', body: { buyerId: 'b' } };
    await api.checkout(id, same).expect(202); // nobody waits for this one, so its job names no replica
    const replays = [1, 2].map(() => api.checkout(id, { ...same, prefer: 'wait=20' }).expect(201));
    settle();
    await Promise.all(replays);
    expect(waiting()).toBe(0);
  });

  it('forgets a client that went away', async () => {
    const { id } = await api.sale();
    const client = new AbortController();
    const gone = fetch(`${api.url}/sales/${id}/checkouts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k', prefer: 'wait=30' },
      body: JSON.stringify({ sku: 'hot', quantity: 1, buyerId: 'b' }),
      signal: client.signal,
    }).catch(() => 'gone');
    await vi.waitFor(() => expect(waiting()).toBe(1), { timeout: 5_000 });
    client.abort();
    expect(await gone).toBe('gone');
    await vi.waitFor(() => expect(waiting()).toBe(0), { timeout: 5_000 });
    // The order is accepted all the same.
    await api.http.get(`/orders/${await api.orderIdOf(id, 'b', 'k')}`).expect(200);
  });

  it('answers who still waits when it shuts down', async () => {
    const leaving = await Api.start();
    const { id } = await leaving.sale();
    const answer = leaving.checkout(id, { prefer: 'wait=30' }).expect(202);
    const answered = answer.then(({ body }) => body as OrderView);
    await vi.waitFor(() => expect(leaving.app.get(OrderWatch).size).toBe(1), { timeout: 5_000 });
    await leaving.stop();
    expect(await answered).toMatchObject({ status: 'queued' });
  });
});
