import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { holdLock } from './support/held-lock.js';
import { startedStack } from './support/started-stack.js';

/** Milliseconds, short, so that what was left behind is soon taken up. */
const env = {
  LOCK_TTL_MS: '2000',
  JOB_LOCK_MS: '2000',
  SWEEP_INTERVAL_MS: '300',
  PAYMENT_TIMEOUT_MS: '2000',
};
const STOCK_OF_SALE = 'SELECT FROM stock WHERE sale_id = $1 FOR UPDATE';
const SOUND = { pending: 0, oversold: 0, lostUpdates: 0, conserved: true };
const patient = { timeout: 20_000, interval: 50 };

let stack: Stack;
let shopper: Shopper;
const redis = new Redis(inject('redisUrl'));
const database = new pg.Pool({ connectionString: inject('databaseUrl') });
beforeAll(async () => {
  stack = await startedStack(env, { apis: 2, workers: 2 });
  shopper = new Shopper(stack);
});
afterAll(async () => {
  await stack.stop();
  await database.end();
  redis.disconnect();
});

const reserveMany = (saleId: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => shopper.reserve(saleId)));
const count = async (sql: string, ...values: unknown[]) => (await database.query(sql, values)).rowCount;

it.each(['redis', 'redis-counter'])(
  'restocks what is not paid in time, and sells it again (%s)',
  async (strategy) => {
    const saleId = await shopper.openSale(strategy, 4, 1, { reservationTtlSeconds: 1 });
    const [first] = await reserveMany(saleId, 4);
    expect(await shopper.pay(first!, 'tok_visa')).toBe(200);
    await expect
      .poll(() => shopper.drained(saleId), patient)
      .toMatchObject({ available: 3, held: 0, sold: 1 });
    await shopper.reserve(saleId);
  },
);

it('lets either the payment or the expiry win, wherever both come from, and keeps no money for the loser', async () => {
  const saleId = await shopper.openSale('redis', 60, 1, { reservationTtlSeconds: 3 });
  await reserveMany(saleId, 60);
  const { rows: orders } = await database.query<{ id: string; ms: number }>(
    'SELECT id, extract(epoch FROM expires_at - clock_timestamp())::float8 * 1000 AS ms FROM orders WHERE sale_id = $1',
    [saleId],
  );
  const early = Math.max(0, Math.min(...orders.map(({ ms }) => ms)) - 1_000);
  await sleep(early);
  const around = (ms: number, i: number) => Math.max(1, Math.round(ms - early) + 20 * (i - 30));
  // Before the provider is given up, also where reservations took long and the last ones expire late.
  const slowly = (ms: number, i: number) => `tok_slow-${Math.min(1_500, around(ms, i))}`;
  // Some are charged a second before they expire, the others around that moment: earlier or later by more than a request takes.
  const answers = await Promise.all(
    orders.map(({ id, ms }, i) => shopper.pay(id, i < 10 ? 'tok_visa' : slowly(ms, i))),
  );
  const paid = answers.filter((status) => status === 200).length;
  expect(new Set(answers)).toEqual(new Set([200, 409]));
  await expect
    .poll(() => shopper.drained(saleId), patient)
    .toMatchObject({ ...SOUND, held: 0, sold: paid, available: 60 - paid });
  const charged = `
    SELECT FROM payment_provider.charges JOIN payments ON payments.id = key JOIN orders ON orders.id = order_id
    WHERE sale_id = $1 AND charges.status = 'charged'`;
  await expect.poll(() => count(charged, saleId), patient).toBe(paid);
  expect(await count(`${charged} AND orders.status = 'paid'`, saleId)).toBe(paid);
}, 60_000);

it('gives units back once, though the worker is killed between its commit and the acknowledgement', async () => {
  const saleId = await shopper.openSale('redis', 2, 1, { reservationTtlSeconds: 600 });
  const [orderId] = await reserveMany(saleId, 2);
  const row = await holdLock(database, STOCK_OF_SALE, saleId);
  expect(await shopper.cancel(orderId!)).toBe(202);
  await expect.poll(async () => (await row.waiters()).length, patient).toBeGreaterThan(0);
  await redis.client('PAUSE', 30_000, 'WRITE'); // nobody can tell Redis anything any more
  try {
    await row.release();
    await expect.poll(async () => (await shopper.order(orderId!)).status, patient).toBe('cancelled');
    await Promise.all(stack.workers.map((worker) => worker.kill('SIGKILL')));
  } finally {
    await redis.client('UNPAUSE');
  }
  await Promise.all(stack.workers.map((worker) => worker.start()));
  const jobs = async () =>
    (await redis.llen('bull:releases:active')) + (await redis.llen('bull:releases:wait'));
  await expect.poll(jobs, patient).toBe(0);
  expect(await shopper.drained(saleId)).toMatchObject({ ...SOUND, available: 1, held: 1 });
  expect(await count('SELECT FROM stock_movements WHERE sale_id = $1 AND units < 0', saleId)).toBe(1);
}, 60_000);

it('ends reservations although Redis forgot everything', async () => {
  const saleId = await shopper.openSale('redis', 5, 1, { reservationTtlSeconds: 2 });
  await reserveMany(saleId, 5);
  await redis.flushall();
  await expect
    .poll(() => shopper.drained(saleId), patient)
    .toMatchObject({ ...SOUND, available: 5, held: 0 });
  await shopper.reserve(saleId);
}, 60_000);

it('tells how many are overdue while their units cannot come back', async () => {
  const overdueAt = async ({ url }: { url: string }) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^reservations_overdue (\d+)$/m.exec(text)?.[1]);
  };
  const overdue = async () => Math.max(...(await Promise.all(stack.workers.map(overdueAt))));
  const saleId = await shopper.openSale('redis', 3, 1, { reservationTtlSeconds: 1 });
  await reserveMany(saleId, 3);
  const held = await holdLock(database, STOCK_OF_SALE, saleId);
  await expect.poll(overdue, patient).toBe(3);
  await held.release();
  await expect.poll(overdue, patient).toBe(0);
  await expect.poll(() => shopper.drained(saleId), patient).toMatchObject({ available: 3, held: 0 });
});

it('finishes a payment whose replica is killed between the charge and its commit', async () => {
  const saleId = await shopper.openSale('redis', 1);
  const orderId = await shopper.reserve(saleId);
  const row = await holdLock(database, 'SELECT FROM orders WHERE id = $1 FOR UPDATE', orderId);
  const paying = shopper.pay(orderId, 'tok_visa').catch(() => 'no answer');
  const charged = `SELECT FROM payment_provider.charges JOIN payments ON payments.id = key WHERE order_id = $1`;
  await expect.poll(() => count(charged, orderId), patient).toBe(1);
  await expect.poll(async () => (await row.waiters()).length, patient).toBe(1);
  const [finishing] = await row.waiters();
  await Promise.all(stack.apis.map((api) => api.kill('SIGKILL')));
  expect(await paying).toBe('no answer');
  await database.query('SELECT pg_terminate_backend($1)', [finishing]); // else Postgres would finish its last statement
  await expect.poll(() => row.waiters(), patient).not.toContain(finishing);
  // Before the replicas are back: that may take as long as a sweep waits before it takes the payment up.
  expect(await count(`SELECT FROM orders WHERE id = $1 AND status = 'reserved'`, orderId)).toBe(1);
  await row.release();
  await Promise.all(stack.apis.map((api) => api.start()));
  await expect.poll(async () => (await shopper.order(orderId)).status, patient).toBe('paid');
  expect(await count(`${charged} AND charges.status = 'charged'`, orderId)).toBe(1);
  expect(await shopper.drained(saleId)).toMatchObject({ ...SOUND, sold: 1, held: 0 });
}, 60_000);
