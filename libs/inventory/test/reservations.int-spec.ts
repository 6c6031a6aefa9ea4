import { poolOf } from '@app/database';
import { createLockDriver, Lock, Locks, type LockDriver } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import { orderOf, Shop } from '@app/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { audit, Reservations, STRATEGY_NAMES, strategyOf, type Sale } from '../src/index.js';

let shop: Shop;
let other: Shop;
const redis = new Redis(inject('redisUrl'));
const opened: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  shop = await Shop.open(inject('databaseUrl'));
  other = await Shop.open(inject('databaseUrl'));
});
afterAll(async () => {
  await Promise.all([...opened.map((each) => each.close()), shop.close(), other.close(), redis.quit()]);
});

const redisDriver = async () => {
  const driver = await createLockDriver('redis', { redis });
  opened.push(driver);
  return driver;
};

/** As one worker process has it: own connections, own lock driver. */
function worker({ dataSource }: Shop, batchSize: number, driver?: LockDriver, inFlight = 16) {
  const locks = new Locks({ redis });
  opened.push(locks);
  return new Reservations<OrderRequest>({
    pool: poolOf(dataSource),
    batchSize,
    maxHold: 20,
    inFlight,
    signal: new AbortController().signal,
    lockOptions: () => ({ ttl: 5_000 }),
    lockOf: (strategy) => (driver ? Promise.resolve(new Lock(driver)) : locks.of(strategyOf(strategy).lock!)),
    onCommit: async () => undefined,
  });
}

/** A stampede of single units, spread over the workers, each with 16 orders in hand. */
async function stampede(sale: Sale, workers: Reservations<OrderRequest>[], orders: number) {
  const buyer = async (reservations: Reservations<OrderRequest>, share: number) => {
    for (let i = 0; i < share; i++) await reservations.reserve(orderOf(sale.id), sale);
  };
  const buyers = workers.flatMap((each) =>
    Array.from({ length: 16 }, () => buyer(each, orders / workers.length / 16)),
  );
  await Promise.all(buyers);
  return (await audit(shop.dataSource, sale.id)).total;
}

const safe = STRATEGY_NAMES.filter((name) => strategyOf(name).safe);
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
  const workers = [shop, other].map((each) => worker(each, 1, broken));
  expect((await stampede(sale, workers, 640)).lostUpdates).toBeGreaterThan(0);
});

it('serves an order that arrives in the very moment in which the only section ends', async () => {
  const sale = await shop.sale({ hot: 1_000 }, 'conditional-update');
  const reservations = worker(shop, 1, undefined, 1);
  for (let i = 0; i < 64; i++) {
    const outcome = await reservations.reserve(orderOf(sale.id), sale);
    expect(outcome).toEqual({ status: 'reserved' });
    for (let ticks = i % 16; ticks > 0; ticks--) await Promise.resolve();
  }
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
  const selling = worker(shop, 8, driver).reserve(orderOf(sale.id), sale);
  expect(await selling).toEqual({ status: 'reserved' });
  expect(reseeded).toEqual([farAhead]);
});

it('hands back what waits for a lock when the process shuts down', async () => {
  const sale = await shop.sale({ hot: 5 }, 'redis');
  const resource = `${sale.id}:hot`;
  const holder = await (
    await redisDriver()
  ).acquire(resource, {
    ttl: 60_000,
    signal: new AbortController().signal,
  });
  const shutdown = new AbortController();
  const lock = new Lock(await redisDriver());
  const reservations = new Reservations<OrderRequest>({
    pool: poolOf(shop.dataSource),
    batchSize: 8,
    maxHold: 20,
    inFlight: 8,
    signal: shutdown.signal,
    lockOptions: () => ({ ttl: 60_000 }),
    lockOf: async () => lock,
    onCommit: async () => undefined,
  });
  const waiting = reservations.reserve(orderOf(sale.id), sale);
  shutdown.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
  await holder.release();
});
