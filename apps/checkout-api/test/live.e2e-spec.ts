import { resourcesOf } from '@app/inventory';
import { Locks } from '@app/lock';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { LiveView } from '../src/sales/live.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

let api: Api;
const redis = new Redis(inject('redisUrl'));
const locks = new Locks({ redis });
beforeAll(async () => {
  api = await Api.start();
});
afterAll(async () => {
  await locks.close();
  await redis.quit();
  await api.stop();
});

const ask = (saleId: string) =>
  api.http.get(`/sales/${saleId}/live`).set('authorization', `Bearer ${ADMIN_KEY}`);
const live = async (saleId: string) => (await ask(saleId).expect(200)).body as LiveView;

describe('GET /sales/:saleId/live', () => {
  it('is for the admin, as it names processes', async () => {
    const { id } = await api.sale();
    await api.http.get(`/sales/${id}/live`).expect(problem('ADMIN_KEY_REQUIRED'));
    await ask(randomUUID()).expect(problem('SALE_NOT_FOUND'));
  });

  it('counts what has settled and what has not', async () => {
    const { id } = await api.sale();
    for (let i = 0; i < 7; i++) await api.checkout(id).expect(202);
    expect(await live(id)).toMatchObject({
      settled: 0,
      total: { pending: 7, held: 0, initial: 5 },
      locks: null,
    });
    const settler = new Settler();
    try {
      await vi.waitFor(
        async () =>
          expect(await live(id)).toMatchObject({ settled: 7, total: { pending: 0, held: 5, rejected: 2 } }),
        { timeout: 20_000, interval: 50 },
      );
    } finally {
      await settler.stop();
    }
  });

  it('counts who is inside the waiting room and who waits, where there is one', async () => {
    expect(await live((await api.sale()).id)).toMatchObject({ waitingRoom: null });
    const { id } = await api.sale({ waitingRoom: { places: 2, placeTtlSeconds: 300 } });
    for (const buyerId of ['ann', 'bob', 'cat'])
      await api.http.post(`/sales/${id}/waiting-room`).send({ buyerId });
    expect(await live(id)).toMatchObject({ waitingRoom: { inside: 2, waiting: 1 } });
  });

  it.each([
    { strategy: 'redis', waiters: [] },
    { strategy: 'redis-setnx', waiters: null },
  ] as const)('names the holder of a lock of $strategy by its process', async ({ strategy, waiters }) => {
    const { id } = await api.sale({ strategy });
    const [resource] = resourcesOf({ saleId: id, sku: 'hot' }, 1);
    const lock = await locks.of(strategy);
    await lock.withLock(resource!, { ttl: 10_000, wait: 0 }, async () => {
      const [seen] = (await live(id)).locks!;
      expect(seen).toEqual({ resource, holder: expect.stringMatching(`:${process.pid}$`), waiters });
    });
    await vi.waitFor(async () => expect((await live(id)).locks![0]!.holder).toBeNull(), { timeout: 5_000 });
  });

  it('looks at the lock of each stripe', async () => {
    const { id } = await api.sale({ strategy: 'redis', stripes: 3 });
    const seen = (await live(id)).locks!.map(({ resource }) => resource);
    expect(seen).toEqual(resourcesOf({ saleId: id, sku: 'hot' }, 3));
  });
});
