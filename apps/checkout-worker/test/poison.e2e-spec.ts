import { Admissions, DeadLetters, type QueuedOrder } from '@app/checkout-queue';
import { oneShard } from '@app/servers';
import { orderOf } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { startedStack } from './support/started-stack.js';

const soon = { timeout: 10_000, interval: 50 };
const NUL = 'a\0b';

let stack: Stack;
let shopper: Shopper;
const redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null });
const letters = new DeadLetters(oneShard(redis));
const admissions = new Admissions(oneShard(redis), {
  idempotencyTtlSeconds: 600,
  maxBacklog: 10_000,
  maxBacklogOfSale: 10_000,
  lookUp: async (orders) => orders.map(() => 'unstored'),
  lookAtStock: () => Promise.reject(new Error('nothing is counted')),
});
const database = new pg.Pool({ connectionString: inject('databaseUrl') });
beforeAll(async () => {
  stack = await startedStack({ LOG_LEVEL: 'silent' }, { workers: 2 });
  shopper = new Shopper(stack);
});
afterAll(async () => {
  await stack.stop();
  await database.end();
  await admissions.queues.all[0]!.close();
  redis.disconnect();
});

const call = async (method: string, path: string) => {
  const headers = { authorization: `Bearer ${stack.adminKey}` };
  const answer = await fetch(`${stack.apiUrls[0]!}${path}`, { method, headers });
  return { status: answer.status, body: await answer.json().catch(() => undefined) };
};
const stateOf = async ({ orderId }: QueuedOrder) => (await call('GET', `/orders/${orderId}`)).body;
const deadLettersOf = async ({ orderId }: QueuedOrder) => {
  const { body } = await call('GET', '/dead-letters?limit=1000');
  return (body as { orderId: string }[]).filter((letter) => letter.orderId === orderId);
};
const REFUSED = { status: 'rejected', reason: 'UNPROCESSABLE' };

/** Past the checks of the API, in one job. */
const enqueue = (orders: readonly QueuedOrder[]) =>
  Promise.all(orders.map((order) => admissions.admit(order, { anew: true })));

describe.each([
  ['redis', 1],
  ['redis', 4],
  ['row-lock', 1],
  ['conditional-update', 1],
] as const)('%s, stripes: %s', (strategy, stripes) => {
  it('settles the 20 others of the job within a second, and tells the poisoned order as rejected', async () => {
    const saleId = await shopper.openSale(strategy, 100, stripes);
    await shopper.reserve(saleId); // what is done once is done
    const innocents = Array.from({ length: 20 }, () => orderOf(saleId));
    const poison = orderOf(saleId, { buyerId: NUL });
    await enqueue([...innocents.slice(0, 10), poison, ...innocents.slice(10)]);
    const settled = async () =>
      (await Promise.all(innocents.map((order) => admissions.find(order.orderId)))).filter(Boolean);
    await expect.poll(settled, { timeout: 1_000, interval: 20 }).toEqual([]);
    await expect.poll(() => stateOf(poison), soon).toMatchObject(REFUSED);
    expect(await shopper.drained(saleId)).toMatchObject({ held: 21, available: 79, conserved: true });
    expect(await deadLettersOf(poison)).toMatchObject([{ kind: 'checkout', code: '22021', buyerId: NUL }]);
    await letters.drop(poison.orderId);
  });
});

it('counts dead letters, and refuses one again that is sent again', async () => {
  const saleId = await shopper.openSale('redis', 100);
  const poison = orderOf(saleId, { buyerId: NUL });
  await enqueue([poison]);
  await expect.poll(() => deadLettersOf(poison), soon).toHaveLength(1);
  const metrics = await (await fetch(`${stack.apiUrls[0]!}/metrics`)).text();
  const { body: all } = await call('GET', '/dead-letters?limit=1000'); // other tests may have left some
  expect(metrics).toMatch(new RegExp(`^dead_letters ${(all as unknown[]).length}$`, 'm'));
  await expect
    .poll(() => call('POST', `/dead-letters/${poison.orderId}/retry`), soon)
    .toMatchObject({ status: 202 });
  await expect.poll(() => deadLettersOf(poison), soon).toHaveLength(1);
  expect(await call('DELETE', `/dead-letters/${poison.orderId}`)).toMatchObject({ status: 204 });
  expect(await deadLettersOf(poison)).toEqual([]);
});

it('reserves orders that are sent again once their sale is there', async () => {
  const saleId = randomUUID();
  const orders = Array.from({ length: 5 }, () => orderOf(saleId)); // either worker gets some of them
  await enqueue(orders);
  for (const order of orders) {
    await expect.poll(() => deadLettersOf(order), soon).toHaveLength(1);
    expect(await stateOf(order)).toMatchObject(REFUSED);
  }
  await database.query(`INSERT INTO sales (id, name, strategy) VALUES ($1, 'found again', 'redis')`, [
    saleId,
  ]);
  await database.query(`INSERT INTO stock (sale_id, sku, initial, available) VALUES ($1, 'hot', 5, 5)`, [
    saleId,
  ]);
  for (const order of orders) {
    expect(await call('POST', `/dead-letters/${order.orderId}/retry`)).toMatchObject({ status: 202 });
    await expect.poll(() => stateOf(order), soon).toMatchObject({ status: 'reserved' });
    expect(await deadLettersOf(order)).toEqual([]);
  }
});

describe('a reservation that cannot end', () => {
  const spoil = ({ orderId }: QueuedOrder, quantity: number) =>
    database.query('UPDATE orders SET quantity = $2 WHERE id = $1', [orderId, quantity]);
  /** One of several that are due. */
  async function refusedRelease() {
    const saleId = await shopper.openSale('redis', 10, 1, { reservationTtlSeconds: 2 });
    const [orderId, ...others] = await Promise.all(Array.from({ length: 5 }, () => shopper.reserve(saleId)));
    const refused = { ...orderOf(saleId), orderId: orderId! };
    await spoil(refused, 2_147_483_647);
    await expect.poll(() => deadLettersOf(refused), soon).toMatchObject([{ kind: 'release', code: '22003' }]);
    return { refused, others };
  }

  it('is alone in that, and ends once it can and is sent again', async () => {
    const { refused, others } = await refusedRelease();
    const statuses = async () =>
      (await Promise.all(others.map((id) => shopper.order(id)))).map(({ status }) => status);
    await expect.poll(statuses, soon).toEqual(others.map(() => 'expired'));
    expect(await stateOf(refused)).toMatchObject({ status: 'reserved' });
    await spoil(refused, 1);
    expect(await call('POST', `/dead-letters/${refused.orderId}/retry`)).toMatchObject({ status: 202 });
    await expect.poll(() => stateOf(refused), soon).toMatchObject({ status: 'expired' });
  });

  it('is no dead letter any more once a sweep has ended it', async () => {
    const { refused } = await refusedRelease();
    await spoil(refused, 1);
    await expect.poll(() => stateOf(refused), soon).toMatchObject({ status: 'expired' });
    await expect.poll(() => deadLettersOf(refused), soon).toEqual([]);
  });

  it('is no dead letter any more though whoever ended it died before it said so, and is harmless if it is sent again', async () => {
    const { refused } = await refusedRelease();
    await spoil(refused, 1);
    await expect.poll(() => stateOf(refused), soon).toMatchObject({ status: 'expired' });
    await expect.poll(() => deadLettersOf(refused), soon).toEqual([]);
    const left = () => letters.keepRestock(refused, new Error('left behind'));
    await left();
    await expect.poll(() => deadLettersOf(refused), soon).toEqual([]);
    await left();
    expect((await call('POST', `/dead-letters/${refused.orderId}/retry`)).status).toBeOneOf([202, 404]); // a sweep may be faster
    expect(await deadLettersOf(refused)).toEqual([]);
    const total = { available: 10, held: 0, lostUpdates: 0, conserved: true };
    await expect.poll(() => shopper.total(refused.saleId), soon).toMatchObject(total);
  });
});
