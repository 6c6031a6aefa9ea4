import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Gate } from './support/gate.js';
import { settle } from './support/settler.js';

/** More than other tests have left in the queue by so many. */
const ROOM = 40;

let api: Api;
let other: Api;
let most: number;
beforeAll(async () => {
  const probe = await Api.start();
  most = (await probe.admissions.backlog()) + ROOM;
  await probe.stop();
  // One after the other: each begins with a registry of metrics of its own.
  api = await Api.start({ QUEUE_MAX_BACKLOG: most });
  other = await Api.start({ QUEUE_MAX_BACKLOG: most });
});
afterAll(async () => {
  await api.stop();
  await other.stop();
});

describe('a full queue', () => {
  it('refuses what is new at every replica, answers replays, and takes orders again once it drains', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1_000 }] });
    const first = { key: 'first', body: { buyerId: 'b' } };
    const { body } = await api.checkout(id, first).expect(202);
    const rush = Array.from({ length: 3 * ROOM }, (_, i) => (i % 2 ? api : other).checkout(id));
    const answers = await Promise.all(rush);
    const refused = answers.filter(({ status }) => status !== 202);
    expect(answers.length - refused.length).toBe(ROOM - 1);
    for (const answer of refused) problem('QUEUE_FULL')(answer);
    expect(await api.admissions.backlog()).toBe(most);

    await api.checkout(id, { prefer: 'wait=5' }).expect(problem('QUEUE_FULL'));
    await other.checkout(id, first).expect(202, body);

    settle();
    await vi.waitFor(() => api.checkout(id, { prefer: 'wait=10' }).expect(201), { timeout: 5_000 });
    const total = async () => (await api.audit(id)).body as { total: object };
    await vi.waitFor(
      async () => expect(await total()).toMatchObject({ total: { held: ROOM + 1, pending: 0 } }),
      {
        timeout: 5_000,
      },
    );
  });
});

describe('a sale that is not settled', () => {
  it('fills its own part of the queue only', async () => {
    const bounded = await Api.start({ SALE_MAX_BACKLOG: 10 });
    try {
      const items = [{ sku: 'hot', stock: 1_000 }];
      const [stuck, healthy] = [await bounded.sale({ items }), await bounded.sale({ items })];
      const first = { key: 'first', body: { buyerId: 'b' } };
      await bounded.checkout(stuck.id, first).expect(202);
      const answers = await Promise.all(Array.from({ length: 30 }, () => bounded.checkout(stuck.id)));
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(9);
      for (const answer of answers.filter(({ status }) => status !== 202)) problem('QUEUE_FULL')(answer);
      await bounded.checkout(stuck.id, first).expect(202);
      await bounded.checkout(healthy.id).expect(202);
      settle();
      await vi.waitFor(() => bounded.checkout(stuck.id).expect(202), { timeout: 5_000 });
    } finally {
      await bounded.stop();
    }
  });
});

describe('a queue that does not answer', () => {
  it('holds back so many checkouts and refuses what is beyond, at once', async () => {
    const redis = await Gate.before(inject('redisUrl'));
    const cutOff = await Api.start({ QUEUE_MAX_BACKLOG: most, REDIS_URL: redis.url });
    try {
      const { id } = await cutOff.sale();
      const ended = await cutOff.sale({ endsAt: new Date(0).toISOString() });
      for (const sale of [id, ended.id]) await cutOff.checkout(sale); // from here on they are known
      redis.freeze();
      const answers = Array.from({ length: most + ROOM }, () =>
        cutOff.checkout(id).then(({ body }) => codeOf(body)),
      );
      const first = await Promise.race(answers);
      expect(first).toBe('QUEUE_FULL');
      const perhapsRepeated = await cutOff.checkout(ended.id);
      expect(codeOf(perhapsRepeated.body)).toBe('QUEUE_FULL'); // nobody knows whether it was accepted before
      const codes = await Promise.all(answers);
      expect(codes.filter((code) => code === 'QUEUE_FULL')).toHaveLength(ROOM);
      expect(codes.filter((code) => code === 'REDIS_UNAVAILABLE')).toHaveLength(most);
      redis.thaw();
      settle(); // what was refused as unknown may have come in after all
      await vi.waitFor(async () => expect((await cutOff.checkout(id)).status).toBe(202), { timeout: 10_000 });
    } finally {
      await cutOff.stop();
      await redis.shut();
    }
  });
});

const codeOf = (body: unknown) => (body as { code: string }).code;
