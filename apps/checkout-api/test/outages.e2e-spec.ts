import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Gate } from './support/gate.js';

/** Milliseconds within which a server that does not answer must be given up. */
const PATIENCE = 4_000;

let api: Api;
let redis: Gate;
let postgres: Gate;
let saleId: string;
let roomId: string;
beforeAll(async () => {
  redis = await Gate.before(inject('redisUrl'));
  postgres = await Gate.before(inject('databaseUrl'));
  api = await Api.start({ REDIS_URL: redis.url, DATABASE_URL: postgres.url });
  saleId = (await api.sale()).id;
  roomId = (await api.sale({ waitingRoom: { places: 1, placeTtlSeconds: 300 } })).id;
  await api.checkout(saleId).expect(202); // from here on the sale is known
  await enter('ann').expect(200);
});
afterEach(async () => {
  await vi.waitFor(() => api.http.get('/health/ready').expect(200), { timeout: 10_000 });
});
afterAll(async () => {
  await api.stop();
  await redis.shut();
  await postgres.shut();
});

const ready = () => api.http.get('/health/ready');
const enter = (buyerId: string) => api.http.post(`/sales/${roomId}/waiting-room`).send({ buyerId });

async function within<T>(milliseconds: number, answer: PromiseLike<T>): Promise<T> {
  const start = performance.now();
  const answered = await answer;
  expect(performance.now() - start).toBeLessThan(milliseconds);
  return answered;
}

async function withoutRedis() {
  await within(PATIENCE, api.checkout(saleId).expect(problem('REDIS_UNAVAILABLE')));
  await within(
    PATIENCE,
    Promise.all([1, 2, 3].map(() => api.checkout(saleId).expect(problem('REDIS_UNAVAILABLE')))),
  );
  const { body } = await within(PATIENCE, ready().expect(problem('NOT_READY')));
  expect(body).toMatchObject({ down: ['redis'] });
  await within(PATIENCE, api.audit(saleId).expect(problem('REDIS_UNAVAILABLE')));
  await within(PATIENCE, enter('ann').expect(problem('REDIS_UNAVAILABLE')));
  await within(PATIENCE, api.http.get('/metrics').expect(200));
  await api.http.get('/health/live').expect(200);
  await api.http.get(`/sales/${saleId}`).expect(200);
}

async function withoutPostgres(queued: OrderView) {
  await within(PATIENCE, api.checkout(saleId).expect(202));
  const { body: waiting } = await within(PATIENCE, enter('bob').expect(202));
  expect(waiting).toMatchObject({ position: 1, available: null });
  await within(PATIENCE, api.http.get(`/orders/${queued.orderId}`).expect(200));
  const unknown = '/orders/00000000-0000-4000-8000-000000000000';
  await within(PATIENCE, api.http.get(unknown).expect(problem('POSTGRES_UNAVAILABLE')));
  const { body } = await within(PATIENCE, ready().expect(problem('NOT_READY')));
  expect(body).toMatchObject({ down: ['postgres'] });
  await api.http.get('/health/live').expect(200);
}

describe('Redis', () => {
  it('is killed and comes back', async () => {
    await redis.shut();
    await withoutRedis();
    await redis.open();
    await vi.waitFor(() => api.checkout(saleId).expect(202), { timeout: 5_000 });
    await vi.waitFor(() => api.checkout(saleId, { prefer: 'wait=1' }).expect(202), { timeout: 5_000 });
  });

  it('hangs and goes on', async () => {
    redis.freeze();
    await withoutRedis();
    redis.thaw();
    await vi.waitFor(() => api.checkout(saleId).expect(202), { timeout: 5_000 });
  });

  it('hangs when it has the order: what was not confirmed is there once when it is tried again', async () => {
    const same = { key: 'k', body: { buyerId: 'b' } };
    const before = await api.admissions.backlog();
    redis.freezeAnswers();
    await api.checkout(saleId, same).expect(problem('REDIS_UNAVAILABLE'));
    redis.thaw();
    await vi.waitFor(() => api.checkout(saleId, same).expect(202), { timeout: 10_000 });
    expect(await api.admissions.backlog()).toBe(before + 1);
  });
});

describe('Postgres', () => {
  it('is killed and comes back', async () => {
    const same = { key: 'killed', body: { buyerId: 'b' } };
    const { body } = await api.checkout(saleId, same).expect(202);
    await postgres.shut();
    await withoutPostgres(body as OrderView);
    await api.checkout(saleId, same).expect(202, body);
    await api.http.get('/sales').expect(problem('POSTGRES_UNAVAILABLE'));
    await api
      .openSale({ name: 'x', items: [{ sku: 'x', stock: 1 }] })
      .expect(problem('POSTGRES_UNAVAILABLE'));
    await api.checkout('00000000-0000-4000-8000-000000000000').expect(problem('POSTGRES_UNAVAILABLE'));
    await postgres.open();
    await vi.waitFor(() => api.http.get('/sales').expect(200), { timeout: 5_000 });
  });

  it('hangs and goes on', async () => {
    const { body } = await api.checkout(saleId).expect(202);
    postgres.freeze();
    await withoutPostgres(body as OrderView);
    postgres.thaw();
    await vi.waitFor(() => api.http.get('/sales').expect(200), { timeout: 5_000 });
  });
});

describe('both', () => {
  it('are missing at boot and come later', async () => {
    await Promise.all([redis.shut(), postgres.shut()]);
    let booted = false;
    const late = Api.start({ REDIS_URL: redis.url, DATABASE_URL: postgres.url }).finally(
      () => (booted = true),
    );
    await vi.waitFor(() => api.http.get('/health/ready').expect(problem('NOT_READY')));
    expect(booted).toBe(false);
    await Promise.all([redis.open(), postgres.open()]);
    const started = await late;
    await started.http.get('/health/ready').expect(200);
    await started.app.close();
  });
});
