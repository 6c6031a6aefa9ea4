import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  cutOff,
  reattach,
  startReplicatedRedis,
  stopReplicatedRedis,
  type ReplicatedRedis,
} from '../../../local/services/redis-sentinel.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';

const SOON = { timeout: 20_000, interval: 100 };

let store: ReplicatedRedis;
let api: Api;
let saleId: string;
beforeAll(async () => {
  store = await startReplicatedRedis(1);
  api = await Api.start({ REDIS_URL: store.primary.url, ACCEPT_REPLICAS: 1 });
  saleId = (await api.sale()).id;
}, 60_000);
afterAll(async () => {
  await api.stop();
  await stopReplicatedRedis(store);
});

it('accepts an order once a replica has it, else tells its buyer to try again, and readiness why', async () => {
  await api.http.get('/health/ready').expect(200);
  await api.checkout(saleId).expect(202);

  await cutOff(store.replicas[0]!);
  const checkout = { key: randomUUID(), body: { buyerId: 'b' } };
  for (let i = 0; i < 2; i++) {
    const { headers } = await api.checkout(saleId, checkout).expect(problem('NOT_REPLICATED'));
    expect(headers['retry-after']).toBe('1');
  }
  const { body } = await api.http.get('/health/ready').expect(problem('NOT_READY'));
  expect(body).toMatchObject({
    down: ['redis_replicas'],
    detail: expect.stringContaining('0 of 1 follow Redis') as string,
  });

  await reattach(store, store.replicas[0]!);
  await vi.waitFor(() => api.checkout(saleId, checkout).expect(202), SOON);
  await vi.waitFor(() => api.http.get('/health/ready').expect(200), SOON);
  expect(await api.admissions.backlog()).toBe(2);
}, 60_000);
