import { oneShard } from '@app/servers';
import { orderOf } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import {
  Admissions,
  announce,
  checkoutWorkers,
  RestockReminders,
  restockWorkers,
  type OfSku,
  type QueuedOrder,
  type RestockJob,
} from '../src/index.js';

const patient = { timeout: 5_000, interval: 10 };
const saleId = randomUUID();

let redis: Redis;
let admissions: Admissions;
let reminders: RestockReminders;
const workers: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  redis = new Redis(inject('redisUrl'), { db: 7, maxRetriesPerRequest: null }); // queues of its own
  await redis.flushdb();
  admissions = new Admissions(oneShard(redis), {
    idempotencyTtlSeconds: 60,
    maxBacklog: 100_000,
    maxBacklogOfSale: 100_000,
    lookUp: async (orders) => orders.map(() => 'first' as const),
    lookAtStock: () => Promise.reject(new Error('nothing is counted')),
  });
  reminders = new RestockReminders(oneShard(redis));
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  redis.disconnect();
});

interface Blocked {
  readonly settle: () => void;
  readonly reject: (reason: Error) => void;
}

/** What stands behind locks: a SKU that is stuck is settled once it is free again, or withdrawn. */
class Stuck {
  /** How often each was. */
  readonly settled = new Map<string, number>();
  #free = false;
  readonly #blocked = new Map<string, Blocked[]>();

  constructor(private readonly isStuck: (ofSku: OfSku) => boolean) {}

  get waiting() {
    return [...this.#blocked.values()].reduce((sum, { length }) => sum + length, 0);
  }

  readonly pass = async (id: string, ofSku: OfSku) => {
    if (!this.#free && this.isStuck(ofSku))
      await new Promise<void>((settle, reject) => {
        this.#blocked.set(ofSku.sku, [...(this.#blocked.get(ofSku.sku) ?? []), { settle, reject }]);
      });
    this.settled.set(id, (this.settled.get(id) ?? 0) + 1);
  };

  readonly withdraw = ({ sku }: OfSku, keep: number, reason: Error) => {
    this.#blocked
      .get(sku)
      ?.splice(keep)
      .forEach(({ reject }) => reject(reason));
  };

  free() {
    this.#free = true;
    for (const waiting of this.#blocked.values()) waiting.splice(0).forEach(({ settle }) => settle());
  }
}

const settlesBehind = (stuck: Stuck, maxOrders = 4_096) => {
  const settle = async (order: QueuedOrder) => {
    await stuck.pass(order.orderId, order);
    await announce(oneShard(redis), [{ order, outcome: { status: 'reserved' } }]);
  };
  const [worker] = checkoutWorkers(oneShard(redis), settle, { maxOrders, withdraw: stuck.withdraw });
  workers.push(worker!);
  return worker!;
};
const isHot = ({ sku }: OfSku) => sku.startsWith('hot');
const admit = (sku: string) => {
  const order = orderOf(saleId, { sku });
  return admissions.admit(order).then(() => order);
};
const admitMany = (count: number, skuOf: (i: number) => string) =>
  Promise.all(Array.from({ length: count }, (_, i) => admit(skuOf(i))));

/** All came through, each once, and the queue is empty. */
async function allSettled(stuck: Stuck, orders: readonly QueuedOrder[]) {
  await expect.poll(() => admissions.backlog(), patient).toBe(0);
  expect(orders.map(({ orderId }) => stuck.settled.get(orderId))).toEqual(orders.map(() => 1));
  const jobs = async () =>
    Object.values(await admissions.queues.all[0]!.getJobCounts()).reduce((sum, n) => sum + n, 0);
  await expect.poll(jobs, patient).toBe(0);
}

it('settles an order behind 1,536 of a SKU that stands still, and all of these once it moves', async () => {
  const stuck = new Stuck(isHot);
  const orders = await admitMany(1_536, () => 'hot');
  settlesBehind(stuck);
  await expect.poll(() => stuck.waiting, patient).toBe(256);
  const behind = await admit('other');
  await expect.poll(() => stuck.settled.get(behind.orderId), patient).toBe(1);
  expect(stuck.waiting).toBe(256);
  stuck.free();
  await allSettled(stuck, [...orders, behind]);
});

it('settles the orders of a job whose others stand still, and those alone come again', async () => {
  const stuck = new Stuck(isHot);
  const orders = await admitMany(640, (i) => (i % 2 ? 'hot' : `other-${i % 16}`)); // jobs of several SKUs
  settlesBehind(stuck, 256);
  const others = orders.filter(({ sku }) => sku !== 'hot');
  await expect.poll(() => stuck.settled.size, patient).toBe(others.length);
  stuck.free();
  await allSettled(stuck, orders);
});

it('keeps room for others however many SKUs stand still', async () => {
  const stuck = new Stuck(isHot);
  const orders = await admitMany(2_048, (i) => `hot-${i % 32}`);
  settlesBehind(stuck, 256);
  await expect.poll(() => stuck.waiting, patient).toBeGreaterThan(0);
  const behind = await admit('other');
  await expect.poll(() => stuck.settled.get(behind.orderId), patient).toBe(1);
  await expect.poll(() => stuck.waiting, patient).toBeLessThanOrEqual(64); // a quarter of the hands
  stuck.free();
  await allSettled(stuck, [...orders, behind]);
});

it('parks jobs of an order each, which is no failure of theirs', async () => {
  const stuck = new Stuck(isHot);
  const orders: QueuedOrder[] = [];
  while (orders.length < 320) orders.push(await admit('hot'));
  let failures = 0;
  settlesBehind(stuck).on('failed', () => failures++);
  const parked = async () => (await admissions.queues.all[0]!.getJobCounts('delayed')).delayed;
  await expect.poll(parked, patient).toBe(320 - 256);
  stuck.free();
  await allSettled(stuck, orders);
  expect(failures).toBe(0);
});

it('restocks what is due behind reminders of a SKU that stands still', async () => {
  const stuck = new Stuck(isHot);
  const sku = (name: string) => ({ saleId, sku: name });
  const ids: string[] = Array.from({ length: 1_000 }, () => randomUUID());
  await Promise.all(ids.map((id) => reminders.remind([id], 0, sku('hot'))));
  const of = (id: string) => sku(ids.includes(id) ? 'hot' : 'other');
  const restock = ({ orderIds: [id] }: RestockJob) => stuck.pass(id!, of(id!)).then(() => true);
  const [worker] = restockWorkers(oneShard(redis), restock, {
    concurrency: 256,
    withdraw: stuck.withdraw,
  });
  workers.push(worker!);
  await expect.poll(() => stuck.waiting, patient).toBeGreaterThan(0);
  await reminders.remind(['behind'], 0, sku('other'));
  await expect.poll(() => stuck.settled.get('behind'), patient).toBe(1);
  stuck.free();
  await expect.poll(() => stuck.settled.size, { ...patient, timeout: 10_000 }).toBe(1_001);
});

it('takes a SKU that another worker settles for one that moves, until that one stops', async () => {
  const stuck = new Stuck(isHot);
  const stopped: string[] = [];
  const onLook = (skus: readonly OfSku[]) => void stopped.push(...skus.map(({ sku }) => sku));
  const orders = await admitMany(64, () => 'hot');
  workers.push(
    ...checkoutWorkers(oneShard(redis), (order) => stuck.pass(order.orderId, order), {
      maxOrders: 4_096,
      onLook,
    }),
  );
  await expect.poll(() => stuck.waiting, patient).toBe(64);
  for (let i = 0; i < 20; i++) {
    await announce(oneShard(redis), [
      { order: orderOf(saleId, { sku: 'hot' }), outcome: { status: 'reserved' } },
    ]);
    await sleep(50);
  }
  expect(stopped).toEqual([]);
  await expect.poll(() => stopped, patient).toEqual(['hot']);
  stuck.free();
  await expect.poll(() => stuck.settled.size, patient).toBe(orders.length);
});
