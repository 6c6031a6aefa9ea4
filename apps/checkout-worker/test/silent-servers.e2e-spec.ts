import { RestockReminders } from '@app/checkout-queue';
import { oneShard } from '@app/servers';
import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { startReplica, startReplicas, type Env, type Replica } from '../../../local/stack/replica.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { holdLock } from './support/held-lock.js';
import { startedStack } from './support/started-stack.js';

/** Milliseconds within which a worker must be back, or another one must sell in its place. */
const REDIS_BACK = 10_000;
const SOLD = 12_000;
/** For what is due: a connection is given up after 9 s, and the next sweep comes soon after. */
const patient = { timeout: 20_000, interval: 50 };
/** What a busy machine may add, with three workers. */
const BUSY = 8_000;

const servers = { databaseUrl: inject('databaseUrl'), redisUrl: inject('redisUrl') };

let postgres: TcpProxy;
let redis: TcpProxy;
/** The environment of a worker behind both relays. */
let relayed: Env;
let stack: Stack;
let shopper: Shopper;
const direct = new Redis(servers.redisUrl);
const database = new pg.Pool({ connectionString: servers.databaseUrl });
beforeAll(async () => {
  postgres = await TcpProxy.before(servers.databaseUrl);
  redis = await TcpProxy.before(servers.redisUrl);
  stack = await startedStack({}, { workers: 0 });
  relayed = {
    ...stack.env,
    SWEEP_INTERVAL_MS: '300',
    DATABASE_URL: postgres.leadingTo(servers.databaseUrl),
    REDIS_URL: redis.leadingTo(servers.redisUrl),
  };
  stack.workers = await startReplicas('checkout-worker', 'worker', 1, relayed);
  shopper = new Shopper(stack);
}, 60_000);
afterAll(async () => {
  await stack.stop();
  await postgres.close();
  await redis.close();
  await database.end();
  direct.disconnect();
});

const areReady = async () => {
  for (const { url } of stack.workers) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
};

it('a worker whose connections to Redis all fall silent has new ones, and sells, within 10 s', async () => {
  const saleId = await shopper.openSale('redis', 100);
  await shopper.reserve(saleId);
  const begun = performance.now();
  const left = redis.forget().then(() => performance.now() - begun);
  await shopper.stampede(saleId, 10);
  expect(await shopper.drained(saleId, REDIS_BACK + 2_000)).toMatchObject({ held: 11, conserved: true });
  await vi.waitFor(areReady, { timeout: 5_000 });
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
    await vi.waitFor(areReady, { timeout: 5_000 });
  },
  60_000,
);

describe('a worker that has nothing but its sweeps', () => {
  const [reminders] = new RestockReminders(oneShard(direct)).queues.all;
  beforeEach(() => reminders!.pause());
  afterEach(() => reminders!.resume());

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

it('a worker that does not reach Postgres leaves what comes in the queue, where others would find it, until it does', async () => {
  const saleId = await shopper.openSale('redis', 100);
  await shopper.reserve(saleId);
  const jobs = async (state: string) => {
    const metrics = await (await fetch(`${stack.apiUrls[0]}/metrics`)).text();
    return Number(new RegExp(`^queue_jobs{state="${state}"} (\\d+)$`, 'm').exec(metrics)![1]);
  };
  postgres.cut();
  await shopper.checkout(saleId, 'first');
  await expect.poll(() => jobs('delayed'), { timeout: 20_000 }).toBeGreaterThan(0); // it has failed
  await shopper.stampede(saleId, 5, 1);
  await sleep(3_000);
  expect(await jobs('waiting')).toBeGreaterThanOrEqual(5);
  postgres.heal();
  expect(await shopper.drained(saleId)).toMatchObject({ held: 7, conserved: true });
}, 60_000);

describe('two workers that share a way to Postgres', () => {
  let other: Replica;
  let another: Replica;
  beforeAll(async () => {
    other = await startReplica('checkout-worker', 'worker-2', relayed);
    another = await startReplica('checkout-worker', 'worker-3', stack.env);
    stack.workers.push(other, another);
  });

  it.each(['redis', 'row-lock'])(
    'leave what they have to another one, which sells by %s within 12 s while that way is silent, and are back after it',
    async (strategy) => {
      const saleId = await shopper.openSale(strategy, 1_000);
      const buying = shopper.stampede(saleId, 600);
      const held = async () => (await shopper.total(saleId)).held;
      await expect.poll(held, { timeout: 20_000, interval: 10 }).toBeGreaterThan(50);
      postgres.blackhole();
      await buying;
      expect(await shopper.drained(saleId, SOLD + BUSY)).toMatchObject({
        held: 600,
        oversold: 0,
        lostUpdates: 0,
        conserved: true,
      });
      postgres.heal();
      await vi.waitFor(areReady, { timeout: 20_000 });
      await another.stop();
      const [one] = stack.workers as [Replica];
      for (const stopped of [one, other]) {
        await stopped.stop();
        await shopper.reserve(saleId); // by the one that is left
        await stopped.start();
      }
      await another.start();
    },
    90_000,
  );
});
