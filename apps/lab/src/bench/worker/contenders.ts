import { poolOf } from '@app/database';
import { CriticalSection, Reservations, strategyOf, type StrategyName } from '@app/inventory';
import { Locks } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import { Redlock } from '@sesamecare-oss/redlock';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';

/** One way to settle orders, as the worker benchmark compares them. */
export interface Contender {
  readonly name: string;
  /** The sale's strategy; `redlock-peer` is the library @sesamecare-oss/redlock around the very same transaction. */
  readonly strategy: StrategyName | 'redlock-peer';
  readonly batchSize: number;
  /** One unless given. */
  readonly stripes?: number;
  /** Share of the benchmark's orders: the slow ones get fewer, since a rate needs no more. */
  readonly share: number;
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'redis, batch 64', strategy: 'redis', batchSize: 64, share: 1 },
  { name: 'lock-off, batch 64', strategy: 'none', batchSize: 64, share: 1 },
  { name: 'redis, batch 1', strategy: 'redis', batchSize: 1, share: 0.2 },
  { name: 'redis, batch 1, 8 stripes', strategy: 'redis', batchSize: 1, stripes: 8, share: 0.2 },
  { name: 'lock-off, batch 1', strategy: 'none', batchSize: 1, share: 0.2 },
  { name: 'conditional UPDATE per order', strategy: 'conditional-update', batchSize: 1, share: 0.2 },
  { name: '@sesamecare-oss/redlock per order', strategy: 'redlock-peer', batchSize: 1, share: 0.1 },
];

export interface Servers {
  readonly redis: Redis;
  readonly dataSource: DataSource;
}

const TTL_MS = 10_000;

/** The function that settles one order in the contender's way. */
export function settlerOf(
  { strategy, batchSize, stripes = 1 }: Contender,
  { redis, dataSource }: Servers,
  inFlight: number,
) {
  const pool = poolOf(dataSource);
  if (strategy === 'redlock-peer') {
    const redlock = new Redlock([redis], { retryCount: -1 });
    return async (order: OrderRequest) => {
      const target = {
        saleId: order.saleId,
        sku: order.sku,
        write: 'read-modify-write',
        perBuyerLimit: null,
      } as const;
      const lock = await redlock.acquire([`${order.saleId}:${order.sku}`], TTL_MS);
      await new CriticalSection(pool, target).settle([order]);
      await lock.release();
    };
  }
  const locks = new Locks({ redis });
  const reservations = new Reservations({
    pool,
    batchSize,
    inFlight,
    maxHold: 50,
    signal: new AbortController().signal,
    lockOptions: () => ({ ttl: TTL_MS, fenced: true }),
    lockOf: (name) => locks.of(strategyOf(name).lock!),
    onCommit: async () => undefined,
  });
  return (order: OrderRequest) => reservations.reserve(order, { strategy, stripes, perBuyerLimit: null });
}
