import { Releases } from '@app/checkout-queue';
import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { startReplicas } from '../../../tools/stack/replica.js';
import { Stack } from '../../../tools/stack/stack.js';
import { Shopper } from './shopper.js';
import { holdLock } from './support/held-lock.js';

/** Milliseconds within which a worker must be back, or another one must sell in its place. */
const REDIS_BACK = 10_000;
const SOLD = 12_000;
/** For what is due: a connection is given up after 9 s, and the next sweep comes soon after. */
const patient = { timeout: 20_000, interval: 50 };

const servers = { databaseUrl: inject('databaseUrl'), redisUrl: inject('redisUrl') };
const behind = (url: string, { port }: TcpProxy) =>
  Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
const relayTo = (url: string) => TcpProxy.to(new URL(url).hostname, Number(new URL(url).port));

let postgres: TcpProxy;
let redis: TcpProxy;
let stack: Stack;
let shopper: Shopper;
const direct = new Redis(servers.redisUrl);
const database = new pg.Pool({ connectionString: servers.databaseUrl });
beforeAll(async () => {
  postgres = await relayTo(servers.databaseUrl);
  redis = await relayTo(servers.redisUrl);
  stack = new Stack({ ...servers, stop: async () => undefined });
  await stack.migrate();
  await stack.startApis(1);
  const relayed = {
    SWEEP_INTERVAL_MS: '300',
    DATABASE_URL: behind(servers.databaseUrl, postgres),
    REDIS_URL: behind(servers.redisUrl, redis),
  };
  stack.workers = await startReplicas('checkout-worker', 'worker', 1, { ...stack.env, ...relayed });
  shopper = new Shopper(stack);
}, 60_000);
afterAll(async () => {
  await stack.stop();
  await postgres.close();
  await redis.close();
  await database.end();
  direct.disconnect();
});

const isReady = async () => expect((await fetch(`${stack.workers[0]!.url}/health/ready`)).status).toBe(200);

it('a worker whose connections to Redis all fall silent has new ones, and sells, within 10 s', async () => {
  const saleId = await shopper.openSale('redis', 100);
  await shopper.reserve(saleId);
  const begun = performance.now();
  const left = redis.forget().then(() => performance.now() - begun);
  await shopper.stampede(saleId, 10);
  expect(await shopper.drained(saleId, REDIS_BACK + 2_000)).toMatchObject({ held: 11, conserved: true });
  await vi.waitFor(isReady, { timeout: 5_000 });
  expect(await left).toBeLessThan(REDIS_BACK);
  await shopper.reserve(saleId);
}, 60_000);

it.each(['redis', 'row-lock'])(
  'a worker whose connections to Postgres all fall silent sells by %s within 12 s',
  async (strategy) => {
    const saleId = await shopper.openSale(strategy, 100);
    await shopper.reserve(saleId);
    void postgres.forget();
    await shopper.stampede(saleId, 10);
    expect(await shopper.drained(saleId, SOLD)).toMatchObject({ held: 11, oversold: 0, conserved: true });
    await vi.waitFor(isReady, { timeout: 5_000 });
  },
  60_000,
);

describe('a worker that has nothing but its sweeps', () => {
  const { queue: reminders } = new Releases(direct);
  beforeEach(() => reminders.pause());
  afterEach(() => reminders.resume());

  const expires = (orderId: string) =>
    expect.poll(async () => (await shopper.order(orderId)).status, patient).toBe('expired');

  it('expires what is due though its connections to Postgres all fall silent', async () => {
    const saleId = await shopper.openSale('redis', 3, 1, { reservationTtlSeconds: 1 });
    const orderId = await shopper.reserve(saleId);
    void postgres.forget();
    await expires(orderId);
    expect(await shopper.drained(saleId)).toMatchObject({ available: 3, held: 0, conserved: true });
  }, 60_000);

  it('gives units back once though the connection falls silent on which it does, and goes on with their SKU', async () => {
    const saleId = await shopper.openSale('conditional-update', 3, 1, { reservationTtlSeconds: 1 });
    const orderId = await shopper.reserve(saleId);
    const row = await holdLock(database, 'SELECT FROM stock WHERE sale_id = $1 FOR UPDATE', saleId);
    await expect.poll(async () => (await row.waiters()).length, patient).toBeGreaterThan(0);
    void postgres.forget();
    await row.release(); // the units are back, and nobody hears of it
    await expires(orderId);
    await expires(await shopper.reserve(saleId));
    const total = await shopper.drained(saleId);
    expect(total).toMatchObject({ available: 3, held: 0, lostUpdates: 0, conserved: true });
    const back = 'SELECT FROM stock_movements WHERE sale_id = $1 AND units < 0';
    expect((await database.query(back, [saleId])).rowCount).toBe(2);
  }, 60_000);
});
