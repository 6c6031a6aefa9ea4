import { keysOf } from '@app/checkout-queue';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Gate } from './support/gate.js';
import { settle } from './support/settler.js';

const PAIRS = 300;

const keys = keysOf();

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

const items = ['hot', 'cold'].map((sku) => ({ sku, stock: 10_000 }));
const ofBuyer = (quantity: number, sku = 'hot') => ({ key: 'k', body: { buyerId: 'b', quantity, sku } });

async function settled(orderId: string): Promise<OrderView> {
  return vi.waitFor(
    async () => {
      const { body } = await api.http.get(`/orders/${orderId}`).expect(200);
      expect((body as OrderView).status).not.toBe('queued');
      return body as OrderView;
    },
    { timeout: 40_000, interval: 100 }, // 600 at once, on a busy machine
  );
}

describe('two bodies with one key, sent at the same moment', () => {
  it.each([
    ['of another quantity', { quantity: 7 }],
    ['of another SKU', { sku: 'cold' }],
  ])(
    '%s: what was refused is never executed',
    async (_name, change) => {
      settle();
      const { id } = await api.sale({ items });
      const pairs = Array.from({ length: PAIRS }, async (_, i) => {
        const buyerId = `buyer-${i}`;
        const bodies = [
          { buyerId, quantity: 1, sku: 'hot' },
          { buyerId, quantity: 1, sku: 'hot', ...change },
        ];
        if (i % 2) bodies.reverse();
        const answers = await Promise.all(
          bodies.map((body) => api.checkout(id, { key: 'k', body, prefer: 'wait=20' })),
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 422]));
        const { quantity, sku } = bodies[answers.findIndex(({ status }) => status === 201)]!;
        expect(answers.find(({ status }) => status === 201)!.body).toMatchObject({ quantity, sku });
        expect(await settled(await api.orderIdOf(id, buyerId, 'k'))).toMatchObject({ quantity, sku });
      });
      await Promise.all(pairs);
    },
    60_000,
  );

  it('are one order where they are equal, and both hear of it', async () => {
    settle();
    const { id } = await api.sale({ items });
    const pairs = Array.from({ length: 50 }, async (_, i) => {
      const same = { key: 'k', body: { buyerId: `buyer-${i}` } };
      await Promise.all([
        api.checkout(id, same),
        api.checkout(id, { ...same, prefer: 'wait=10' }).expect(201),
      ]);
    });
    await Promise.all(pairs);
    const { body } = await api.audit(id).expect(200);
    expect(body).toMatchObject({ total: { held: 50, pending: 0 } });
  });

  it('leave the accepted one where the other names a SKU that is sold out', async () => {
    settle();
    const { id } = await api.sale({ items: [items[0]!, { sku: 'cold', stock: 0 }] });
    await api.checkout(id, { body: { sku: 'cold' }, prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    const pairs = Array.from({ length: 50 }, async (_, i) => {
      const body = { buyerId: `buyer-${i}` };
      const [, accepted] = await Promise.all([
        api.checkout(id, { key: 'k', body: { ...body, sku: 'cold' }, prefer: 'wait=10' }),
        api.checkout(id, { key: 'k', body, prefer: 'wait=10' }),
      ]);
      const stored = await settled(await api.orderIdOf(id, body.buyerId, 'k'));
      if (accepted.status === 201) expect(stored).toMatchObject({ sku: 'hot', status: 'reserved' });
      else problem('IDEMPOTENCY_KEY_REUSED')(accepted);
    });
    await Promise.all(pairs);
  });
});

it('keeps the first body while it is queued, although its key is forgotten', async () => {
  const { id } = await api.sale({ items });
  const orderId = await api.orderIdOf(id, 'b', 'k');
  await api.checkout(id, ofBuyer(1)).expect(202);
  await api.redis.del(keys.idempotency(id, orderId));
  await api.checkout(id, ofBuyer(7)).expect(problem('IDEMPOTENCY_KEY_REUSED'));
  await api.checkout(id, ofBuyer(1)).expect(202, { orderId, status: 'queued' });
  settle();
  expect(await settled(orderId)).toMatchObject({ quantity: 1, status: 'reserved' });
});

/** What Redis can forget, and how. */
const forgetting: [string, (saleId: string, orderId: string) => Promise<unknown>][] = [
  ['lost everything', () => api.redis.flushall()],
  [
    'forgot the keys of the sale',
    async (saleId) => api.redis.del(await api.redis.keys(`checkout:${saleId}:key:*`)),
  ],
  [
    'became another process',
    (saleId) => forgottenBy(saleId, (memory) => api.redis.set(memory, 'another history')),
  ],
];
async function forgottenBy(saleId: string, change: (memory: string) => Promise<unknown>) {
  await api.redis.del(
    (await api.redis.keys(`checkout:${saleId}:key:*`)).filter((key) => key !== keys.memory(saleId)),
  );
  await change(keys.memory(saleId));
}

describe.each(forgetting)('a replay once Redis %s', (_, forget) => {
  it.each(['reserved', 'paid', 'expired', 'cancelled'])('tells the stored order: %s', async (status) => {
    settle();
    const { id } = await api.sale({ items });
    const { body } = await api.checkout(id, { ...ofBuyer(2), prefer: 'wait=10' }).expect(201);
    const { orderId } = body as OrderView;
    await api.database.query('UPDATE orders SET status = $2 WHERE id = $1', [orderId, status]);
    await forget(id, orderId);

    const stored = { orderId, sku: 'hot', quantity: 2, status };
    await api.checkout(id, ofBuyer(2)).expect(202, stored);
    const answer = await api.checkout(id, { ...ofBuyer(2), prefer: 'wait=10' });
    expect(answer.body).toMatchObject(stored);
    expect(answer.status).toBe(status === 'reserved' ? 201 : 200);
    for (const other of [ofBuyer(7), ofBuyer(2, 'cold')]) {
      await api.checkout(id, other).expect(problem('IDEMPOTENCY_KEY_REUSED'));
      await api.checkout(id, { ...other, prefer: 'wait=10' }).expect(problem('IDEMPOTENCY_KEY_REUSED'));
    }
    await api.checkout(id, { prefer: 'wait=10' }).expect(201); // whoever is new still buys
  });

  it('tells a holder that he holds it, although the SKU is sold out', async () => {
    settle();
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    const { body } = await api.checkout(id, { ...ofBuyer(1), prefer: 'wait=10' }).expect(201);
    await forget(id, (body as OrderView).orderId);
    await api.checkout(id, { prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    await api.checkout(id, { prefer: 'wait=10' }).expect(problem('SOLD_OUT'));
    const again = await api.checkout(id, { ...ofBuyer(1), prefer: 'wait=10' }).expect(201);
    expect(again.body).toMatchObject(body as object); // the row also tells when it was settled
  });

  it('asks to try again while Postgres cannot tell', async () => {
    const postgres = await Gate.before(inject('databaseUrl'));
    const cutOff = await Api.start({ DATABASE_URL: postgres.url });
    try {
      settle();
      const { id } = await cutOff.sale({ items });
      const { body } = await cutOff.checkout(id, { ...ofBuyer(1), prefer: 'wait=10' }).expect(201);
      await forget(id, (body as OrderView).orderId);
      await postgres.shut();
      await cutOff.checkout(id, ofBuyer(1)).expect(problem('POSTGRES_UNAVAILABLE'));
      await postgres.open();
      await vi.waitFor(() => cutOff.checkout(id, { ...ofBuyer(1), prefer: 'wait=10' }).expect(201), {
        timeout: 10_000,
      });
    } finally {
      await cutOff.stop();
      await postgres.shut();
    }
  });
});

it('answers a replay from its row once the key has run out', async () => {
  const brief = await Api.start({ IDEMPOTENCY_TTL_SECONDS: 1 });
  try {
    settle();
    const { id } = await brief.sale({ items });
    const { body } = await brief.checkout(id, { ...ofBuyer(2), prefer: 'wait=10' }).expect(201);
    const { orderId } = body as OrderView;
    await api.database.query(`UPDATE orders SET status = 'expired' WHERE id = $1`, [orderId]);
    await vi.waitFor(async () => expect(await api.redis.exists(keys.idempotency(id, orderId))).toBe(0), {
      timeout: 5_000,
    });
    await brief.checkout(id, ofBuyer(7)).expect(problem('IDEMPOTENCY_KEY_REUSED'));
    const { body: replay } = await brief.checkout(id, { ...ofBuyer(2), prefer: 'wait=10' }).expect(200);
    expect(replay).toMatchObject({ orderId, quantity: 2, status: 'expired' });
  } finally {
    await brief.stop();
  }
});

it('needs no Postgres for new keys of a sale whose every key Redis knows', async () => {
  const postgres = await Gate.before(inject('databaseUrl'));
  const cutOff = await Api.start({ DATABASE_URL: postgres.url });
  try {
    settle();
    const { id } = await cutOff.sale({ items });
    await cutOff.checkout(id, { prefer: 'wait=10' }).expect(201);
    await postgres.shut();
    await cutOff.checkout(id, { key: randomUUID() }).expect(202);
  } finally {
    await postgres.shut().catch(() => undefined);
    await cutOff.stop();
  }
});
