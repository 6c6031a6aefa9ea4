import { announce, announceReturn, keysOf, type QueuedOrder } from '@app/checkout-queue';
import { orderOf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';

const patient = { timeout: 10_000, interval: 50 };

const keys = keysOf();

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

/** What a worker tells that found the SKU sold out when its rows had these versions. */
const foundSoldOut = (order: QueuedOrder, ...versions: string[]) =>
  announce(api.shards, [{ order, outcome: { status: 'rejected', reason: 'SOLD_OUT' } }], versions);
const cameBack = (order: QueuedOrder, version: string, stripe = 0) =>
  announceReturn(api.shards, order, {
    stripe,
    version,
    ended: [{ orderId: order.orderId, status: 'expired' }],
  });
const isMarked = async ({ saleId, sku }: QueuedOrder) =>
  (await api.redis.exists(keys.soldOut(saleId, sku))) === 1;

describe('a sold-out mark', () => {
  it('loses against units that came back after what its worker saw, however late that one tells', async () => {
    const { id } = await api.sale();
    const order = orderOf(id);
    await cameBack(order, '8');
    await foundSoldOut(order, '7');
    expect(await isMarked(order)).toBe(false);
    await api.redis.pexpire(keys.soldOut(id, 'hot'), 1); // as long after as its worker likes: the mark's own time does not matter
    await foundSoldOut(order, '7');
    expect(await isMarked(order)).toBe(false);
    await foundSoldOut(order, '9');
    expect(await isMarked(order)).toBe(true);
  });

  it('stays where the units that came back were sold again before it was told', async () => {
    const { id } = await api.sale();
    const order = orderOf(id);
    await foundSoldOut(order, '9');
    await cameBack(order, '8');
    expect(await isMarked(order)).toBe(true);
    await cameBack(order, '10');
    expect(await isMarked(order)).toBe(false);
  });

  it('is judged by each stripe', async () => {
    const { id } = await api.sale();
    const order = orderOf(id);
    await cameBack(order, '5', 1);
    await foundSoldOut(order, '90', '4', '70');
    expect(await isMarked(order)).toBe(false);
    await foundSoldOut(order, '9', '5', '7');
    expect(await isMarked(order)).toBe(true);
    await cameBack(order, '8', 2);
    expect(await isMarked(order)).toBe(false);
  });

  it('that is false is found within a second or so, and whom it turned away is counted', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    await api.database.query('UPDATE stock SET version = 3 WHERE sale_id = $1', [id]);
    await foundSoldOut(orderOf(id), '2');
    await api.checkout(id).expect(problem('SOLD_OUT'));
    const answers = await vi.waitFor(async () => {
      const { status } = await api.checkout(id);
      expect(status).toBe(202);
      return status;
    }, patient);
    expect(answers).toBe(202);
    const refused = async () => {
      const { body } = await api.audit(id).expect(200);
      return (body as { total: { refusedWithStock: number } }).total.refusedWithStock;
    };
    await vi.waitFor(async () => expect(await refused()).toBeGreaterThan(0), patient);
    const { text } = await api.http.get('/metrics');
    expect(Number(/^checkouts_refused_with_stock_total (\d+)$/m.exec(text)![1])).toBe(await refused());
  });

  it('that is true turns nobody away wrongly, while units come back and go', async () => {
    settle({ reservationTtlSeconds: 1 });
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }], reservationTtlSeconds: 1 });
    for (let i = 0; i < 20; i++) {
      await api.checkout(id, { prefer: 'wait=1' });
      await api.database.query('UPDATE orders SET expires_at = clock_timestamp() WHERE sale_id = $1', [id]);
    }
    const { body } = await api.audit(id).expect(200);
    expect(body).toMatchObject({ total: { refusedWithStock: 0, oversold: 0, conserved: true } });
  });

  it('turns nobody away at any replica once the units are told of, and nobody who has an order before', async () => {
    const other = await Api.start();
    const replicas = [api, other];
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    const settler = settle();
    const first = { key: 'k', body: { buyerId: 'b' } };
    const { body } = await api.checkout(id, { ...first, prefer: 'wait=10' }).expect(201);
    await api.checkout(id, { prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    await settler.stop(); // from here on nobody but the replicas can answer
    for (const replica of replicas)
      for (let i = 0; i < 3; i++) await replica.checkout(id).expect(problem('SOLD_OUT'));
    const { orderId } = body as { orderId: string };
    for (const replica of replicas) {
      await replica.checkout(id, first).expect(202, { orderId, status: 'reserved', sku: 'hot', quantity: 1 });
      const changed = { ...first, body: { ...first.body, quantity: 2 } };
      await replica.checkout(id, changed).expect(problem('IDEMPOTENCY_KEY_REUSED'));
    }
    await cameBack(orderOf(id), '1000');
    for (const replica of replicas) await replica.checkout(id).expect(202);
    await other.stop();
  });
});
