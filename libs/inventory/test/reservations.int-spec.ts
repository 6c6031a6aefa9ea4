import { createLockDriver, Lock, LockLostError, Semaphore, type LockDriver } from '@app/lock';
import { poolOf } from '@app/database';
import type { OrderRequest } from '@app/orders';
import { orderOf, Shop } from '@app/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import {
  type EndedOrder,
  type Reservations,
  type ReservationsOptions,
  type Sale,
  type SettledBatch,
} from '../src/index.js';
import { TestServers } from './support/workers.js';

let shop: Shop;
let other: Shop;
const servers = new TestServers();
const { redis, opened, worker, safe } = servers;
beforeAll(async () => {
  shop = await servers.openShop();
  other = await servers.openShop();
});
afterAll(() => servers.close());

const redisDriver = async () => {
  const driver = await createLockDriver('redis', { redis });
  opened.push(driver);
  return driver;
};

const lockedBy = (driver: LockDriver) => ({ lockOf: async () => new Lock(driver) });

/** A stampede of single units, spread over the workers, each with 16 orders in hand. */
async function stampede(sale: Sale, workers: Reservations<OrderRequest>[], orders: number) {
  const buyer = async (reservations: Reservations<OrderRequest>, share: number) => {
    for (let i = 0; i < share; i++) await reservations.reserve(orderOf(sale.id), sale);
  };
  const buyers = workers.flatMap((each) =>
    Array.from({ length: 16 }, () => buyer(each, orders / workers.length / 16)),
  );
  await Promise.all(buyers);
  return shop.totalOf(sale);
}

it.each(safe.flatMap((name) => [1, 8].map((batchSize) => ({ name, batchSize }))))(
  '$name sells exactly the stock, in batches of $batchSize',
  async ({ name, batchSize }) => {
    const sale = await shop.sale({ hot: 50 }, name);
    const workers = [worker(shop, batchSize), worker(other, batchSize)];
    const total = await stampede(sale, workers, 160);
    expect(total).toMatchObject({
      held: 50,
      rejected: 110,
      oversold: 0,
      undersold: 0,
      lostUpdates: 0,
      conserved: true,
    });
  },
);

it('local-mutex sells exactly the stock in one process', async () => {
  const sale = await shop.sale({ hot: 50 }, 'local-mutex');
  const total = await stampede(sale, [worker(shop, 1)], 160);
  expect(total).toMatchObject({ held: 50, oversold: 0, lostUpdates: 0, conserved: true });
});

it.each(['none', 'local-mutex'] as const)('%s loses updates with two processes', async (name) => {
  const sale = await shop.sale({ hot: 100_000 }, name);
  const total = await stampede(sale, [worker(shop, 1), worker(other, 1)], 640);
  expect(total.lostUpdates).toBeGreaterThan(0);
  expect(total.conserved).toBe(false);
});

it('a lock that is always granted is found out', async () => {
  const sale = await shop.sale({ hot: 100_000 }, 'redis-setnx');
  const broken: LockDriver = {
    acquire: async () => ({ holder: 'anybody', release: async () => true }),
    close: async () => undefined,
  };
  const workers = [shop, other].map((each) => worker(each, 1, lockedBy(broken)));
  expect((await stampede(sale, workers, 640)).lostUpdates).toBeGreaterThan(0);
});

/** What a worker with batches of two does, in order, to settle four orders that are all there. */
async function stepsOfTwoBatches(maxHold: number): Promise<string[]> {
  const sale = await shop.sale({ hot: 10 }, 'redis');
  const lock = new Lock(await redisDriver());
  const steps: string[] = [];
  const locking: Pick<Lock, 'withLocks' | 'reseed'> = {
    withLocks: (resources, options, work) =>
      lock.withLocks(resources, options, (...leases) => work(...leases).finally(() => steps.push('left'))),
    reseed: (...args) => lock.reseed(...args),
  };
  const reservations = worker(shop, 2, {
    maxHold,
    lockOf: async () => locking,
    gate: (_, section) => {
      steps.push('begun');
      return section();
    },
    onCommit: async () => void steps.push('told'),
  });
  await Promise.all(Array.from({ length: 4 }, () => reservations.reserve(orderOf(sale.id), sale)));
  await reservations.idle();
  return steps;
}

it('begins with the next batch, or lets the next holder in, before it tells those whom the last one served', async () => {
  expect(await stepsOfTwoBatches(60_000)).toEqual(['begun', 'begun', 'told', 'told', 'left']);
  expect(await stepsOfTwoBatches(0)).toEqual(['begun', 'left', 'told', 'begun', 'left', 'told']);
});

it('serves an order that arrives in the very moment in which the only section ends', async () => {
  const sale = await shop.sale({ hot: 1_000 }, 'conditional-update');
  const reservations = worker(shop, 1, { inFlight: 1 });
  for (let i = 0; i < 64; i++) {
    const outcome = await reservations.reserve(orderOf(sale.id), sale);
    expect(outcome).toEqual({ status: 'reserved' });
    for (let ticks = i % 16; ticks > 0; ticks--) await Promise.resolve();
  }
});

it.each(['row-lock', 'conditional-update', 'optimistic', 'serializable', 'skip-locked'] as const)(
  'sells a SKU while the rows of three others are locked for good (%s)',
  async (name) => {
    const narrow = await servers.openShop(10);
    const sale = await narrow.sale({ a: 1_000, b: 1_000, c: 1_000, free: 10 }, name);
    const reservations = worker(narrow, 64, { inFlight: 256 });
    const locker = new pg.Client(inject('databaseUrl'));
    onTestFinished(() => locker.end());
    await locker.connect();
    await locker.query('BEGIN');
    for (const table of ['stock', 'units'])
      await locker.query(`SELECT FROM ${table} WHERE sale_id = $1 AND sku <> 'free' FOR UPDATE`, [sale.id]);
    const stuck = ['a', 'b', 'c'].flatMap((sku) =>
      Array.from({ length: 256 }, () => reservations.reserve(orderOf(sale.id, { sku }), sale)),
    );
    const ends = Promise.allSettled(stuck);
    const pool = poolOf(narrow.dataSource);
    await expect.poll(() => pool.totalCount - pool.idleCount, { timeout: 10_000 }).toBe(3);
    const outcome = await reservations.reserve(orderOf(sale.id, { sku: 'free' }), sale);
    expect(outcome).toEqual({ status: 'reserved' });
    await locker.query('ROLLBACK');
    await ends;
  },
);

it('lets no more sections of a sale run at a time than its gate does, over all SKUs and processes', async () => {
  const sale = await shop.sale({ a: 1_000, b: 1_000, c: 1_000 }, 'redis');
  let inside = 0;
  let most = 0;
  const gated = [shop, other].map((each) => {
    const semaphore = new Semaphore(redis, 2);
    opened.push(semaphore);
    const gate: NonNullable<ReservationsOptions<OrderRequest>['gate']> = (saleId, section) =>
      semaphore.withPermit(saleId, { ttl: 5_000, wait: 5_000 }, async () => {
        most = Math.max(most, ++inside);
        return section().finally(() => inside--);
      });
    return worker(each, 4, { gate });
  });
  const orders = ['a', 'b', 'c'].flatMap((sku) =>
    Array.from({ length: 40 }, () => orderOf(sale.id, { sku })),
  );
  const outcomes = await Promise.all(orders.map((order, i) => gated[i % 2]!.reserve(order, sale)));
  expect(outcomes.every(({ status }) => status === 'reserved')).toBe(true);
  expect(most).toBe(2);
});

it('tells what was committed under a permit that is lost before it is given back', async () => {
  const sale = await shop.sale({ hot: 5 }, 'redis', null, 1, 3_600);
  const semaphore = new Semaphore(redis, 2);
  opened.push(semaphore);
  let lost = 0;
  const gate: NonNullable<ReservationsOptions<OrderRequest>['gate']> = (saleId, section) => {
    const permit = semaphore.withPermit(saleId, { ttl: 5_000, wait: 5_000 }, async () => {
      const result = await section();
      await redis.del(`semaphore:{${saleId}}`); // as if Redis had forgotten who holds permits
      return result;
    });
    return permit.catch((error: unknown) => {
      lost += Number(error instanceof LockLostError);
      throw error;
    });
  };
  const committed: SettledBatch[] = [];
  const ended: EndedOrder[] = [];
  const reservations = worker(shop, 8, {
    gate,
    onCommit: async (_, batch) => void committed.push(batch),
    onRestock: async (_saleId, _sku, restocked) => void ended.push(...restocked.ended),
  });
  const order = orderOf(sale.id);
  expect(await reservations.reserve(order, sale)).toEqual({ status: 'reserved' });
  expect(committed).toMatchObject([{ outcomes: [{ status: 'reserved' }], available: 4 }]);
  await shop.makeDue([order]);
  await reservations.restock(order, sale);
  expect(ended).toEqual([{ orderId: order.orderId, status: 'expired' }]);
  expect(lost).toBe(2);
});

it('re-seeds a lock whose tokens went back, and sells on', async () => {
  const sale = await shop.sale({ hot: 5 }, 'redis');
  const farAhead = BigInt(Date.now() + 86_400_000) * 1_000n; // the tokens are microseconds: this is tomorrow
  await shop.dataSource.query('UPDATE stock SET fence_token = $2 WHERE sale_id = $1', [
    sale.id,
    farAhead.toString(),
  ]);
  const reseeded: bigint[] = [];
  const driver = await redisDriver();
  const reseed = driver.reseed!.bind(driver);
  driver.reseed = (resource, above) => {
    reseeded.push(above);
    return reseed(resource, above);
  };
  const selling = worker(shop, 8, lockedBy(driver)).reserve(orderOf(sale.id), sale);
  expect(await selling).toEqual({ status: 'reserved' });
  expect(reseeded).toEqual([farAhead]);
});

it('hands back what waits for a lock when the process shuts down', async () => {
  const sale = await shop.sale({ hot: 5 }, 'redis');
  const resource = `${sale.id}:hot`;
  const driver = await redisDriver();
  const holder = await driver.acquire(resource, { ttl: 60_000, signal: new AbortController().signal });
  const shutdown = new AbortController();
  const reservations = worker(shop, 8, { signal: shutdown.signal });
  const waiting = reservations.reserve(orderOf(sale.id), sale);
  shutdown.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
  await holder.release();
});
