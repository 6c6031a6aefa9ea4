import { oneShard } from '@app/servers';
import { orderOf } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { Admissions, announce, DeadLetters, keysOf, type Stored } from '../src/index.js';
import type { AdmitCommands } from '../src/admit-script.js';

const saleId = randomUUID();

let redis: Redis;
let stored: Stored;
const lookUp = vi.fn<(orders: readonly unknown[]) => Promise<Stored[]>>(async (orders) =>
  orders.map(() => stored),
);
let admissions: Admissions;
beforeEach(async () => {
  redis = new Redis(inject('redisUrl'), { db: 8 });
  await redis.flushdb();
  lookUp.mockClear();
  admissions = new Admissions(oneShard(redis), {
    idempotencyTtlSeconds: 60,
    maxBacklog: 1_000,
    maxBacklogOfSale: 1_000,
    lookUp,
    lookAtStock: () => Promise.reject(new Error('nothing is counted')),
  });
});
afterEach(() => redis.disconnect());

const keys = keysOf();
const admit = () => admissions.admit(orderOf(saleId));

it('looks at checkouts of a new sale only until Redis is sure of it', async () => {
  stored = 'first';
  const asked = vi.spyOn(redis as AdmitCommands, 'checkoutAdmit');
  const looks = () => asked.mock.calls.filter(([[names, ...args]]) => args[Number(names)] === ''); // without a job
  const crowd = await Promise.all(Array.from({ length: 20 }, admit)); // none of which Redis is sure of
  expect(new Set(crowd)).toEqual(new Set(['accepted']));
  expect(await admit()).toBe('accepted');
  const before = looks().length;
  for (let i = 0; i < 5; i++) expect(await admit()).toBe('accepted');
  expect(looks()).toHaveLength(before);
});

it('does not forget what is in the queue, however long it is there', async () => {
  stored = 'first';
  expect(await admit()).toBe('accepted');
  const names = await redis.keys('*');
  const kept = names.filter((name) => name.includes('pending') || name.includes('backlog'));
  expect(kept).toHaveLength(2);
  for (const name of kept) expect(await redis.ttl(name)).toBe(-1);
});

it('adds no job in vain while Redis may have forgotten the keys of a sale', async () => {
  stored = 'unstored';
  expect(await admit()).toBe('accepted');
  const before = await admissions.queues.all[0]!.getJobCounts();
  for (let i = 0; i < 5; i++) expect(await admit()).toBe('accepted');
  expect((await admissions.queues.all[0]!.getJobCounts()).waiting).toBe(before.waiting! + 5);
});

describe('of a sale without orders', () => {
  beforeEach(() => void (stored = 'first'));

  it('asks Postgres once while it is closed, and knows the first order of another replica', async () => {
    for (let i = 0; i < 3; i++) expect(await admissions.isKnown(orderOf(saleId))).toBe(false);
    expect(lookUp).toHaveBeenCalledTimes(1);
    const order = orderOf(saleId);
    expect(await admissions.admit(order)).toBe('accepted');
    expect(await admissions.isKnown(order)).toBe(true);
    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  it('asks Postgres once while nobody is let in', async () => {
    const guests = 'nobody';
    for (let i = 0; i < 3; i++)
      expect(await admissions.admit(orderOf(saleId), { guests })).toBe('not-admitted');
    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  it('asks Postgres again where Redis has another history, and about each order once it has one', async () => {
    expect(await admissions.isKnown(orderOf(saleId))).toBe(false);
    await redis.set(keys.memory(saleId), 'of another Redis');
    stored = 'stored';
    for (let i = 0; i < 3; i++) expect(await admissions.isKnown(orderOf(saleId))).toBe(true);
    expect(lookUp).toHaveBeenCalledTimes(4);
  });
});

it.each(['full', 'not-admitted', 'sold-out'] as const)(
  'adds no job for who is refused (%s) while Redis may have forgotten the keys',
  async (refusal) => {
    stored = 'first';
    expect(await admit()).toBe('accepted');
    stored = 'unstored';
    await redis.del(keys.memory(saleId));
    if (refusal === 'full') await redis.set(keys.backlog(saleId), 1_000);
    if (refusal === 'sold-out') await redis.set(keys.soldOut(saleId, orderOf(saleId).sku), '1');
    const guests = refusal === 'not-admitted' ? 'nobody' : undefined;
    const refused = () => admissions.admit(orderOf(saleId), guests ? { guests } : {});
    const waiting = async () => (await admissions.queues.all[0]!.getJobCounts()).waiting;
    expect(await refused()).toBe(refusal); // from now on it is remembered
    const before = await waiting();
    for (let i = 0; i < 5; i++) expect(await refused()).toBe(refusal);
    expect(await waiting()).toBe(before);
  },
);

describe('of a SKU that is sold out', () => {
  /** A first order is accepted and refused: its SKU counts as sold out from then on. */
  async function sellOut(sku = 'hot') {
    stored = 'first';
    const order = { ...orderOf(saleId), sku };
    expect(await admissions.admit(order)).toBe('accepted');
    const outcome = { status: 'rejected', reason: 'SOLD_OUT' } as const;
    await announce(oneShard(redis), [{ order, outcome }], ['1']);
    stored = 'unstored';
    expect(await admissions.admit({ ...orderOf(saleId), sku })).toBe('sold-out');
    return order;
  }

  it('asks for the keys of many checkouts at once, and runs no script', async () => {
    await sellOut();
    const [scripts, keysAsked] = [vi.spyOn(redis as AdmitCommands, 'checkoutAdmit'), vi.spyOn(redis, 'mget')];
    const crowd = await Promise.all(Array.from({ length: 100 }, admit));
    expect(new Set(crowd)).toEqual(new Set(['sold-out']));
    expect(scripts).not.toHaveBeenCalled();
    expect(keysAsked).toHaveBeenCalledTimes(1);
  });

  it('still knows a key, with the same body and with another one', async () => {
    const first = await sellOut();
    expect(await admissions.admit(first)).toBe('replayed');
    expect(await admissions.admit({ ...first, quantity: 2 })).toBe('mismatched');
    expect(await admissions.isKnown(first)).toBe(true);
    expect(await admissions.isKnown(orderOf(saleId))).toBe(false);
  });

  it('knows an order whose key was forgotten while it is in the queue', async () => {
    const queued = orderOf(saleId);
    stored = 'first';
    expect(await admissions.admit(queued)).toBe('accepted');
    await sellOut();
    await redis.del(keys.idempotency(saleId, queued.orderId));
    expect(await admissions.admit(queued)).toBe('queued');
  });

  it('asks Postgres where Redis may have forgotten the key', async () => {
    const first = await sellOut();
    await redis.del(keys.memory(saleId), keys.idempotency(saleId, first.orderId));
    stored = 'stored';
    expect(await admissions.admit(first)).toBe('replayed');
    expect(await admissions.isKnown(first)).toBe(true);
    stored = 'unstored';
    expect(await admit()).toBe('sold-out');
    expect(await admissions.isKnown(orderOf(saleId))).toBe(false);
  });

  it('knows a dead letter whose key was forgotten, and keeps it until it is tried again', async () => {
    const order = orderOf(saleId);
    stored = 'first';
    expect(await admissions.admit(order)).toBe('accepted');
    await new DeadLetters(oneShard(redis)).keepOrder(order, new Error('refused'));
    await redis.del(keys.memory(saleId), keys.idempotency(saleId, order.orderId));
    stored = 'unstored';
    expect(await admissions.isKnown(order)).toBe(true);
    expect(await admissions.admit(order)).toBe('replayed');
    expect(await redis.hlen(keys.deadLetters)).toBe(1);
    expect(await admissions.admit(order, { anew: true })).toBe('accepted');
    expect(await redis.hlen(keys.deadLetters)).toBe(0);
  });

  it('tells each SKU its own', async () => {
    await sellOut('a');
    await sellOut('b');
    await redis.del(keys.soldOut(saleId, 'a'));
    const of = (sku: string) => admissions.admit({ ...orderOf(saleId), sku });
    expect(await Promise.all([of('a'), of('b'), of('a'), of('b')])).toEqual([
      'accepted',
      'sold-out',
      'accepted',
      'sold-out',
    ]);
  });

  it('accepts the very next checkout once units came back', async () => {
    await sellOut();
    expect(await admissions.reopen(saleId, 'hot', [{ stripe: 0, version: '2' }])).toBe(true);
    expect(await admit()).toBe('accepted');
  });
});
