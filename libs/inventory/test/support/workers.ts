import { poolOf } from '@app/database';
import { backendOf, Locks, type LockBackends } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import { Shop } from '@app/testing';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import {
  Reservations,
  STRATEGY_NAMES,
  hasUnitRows,
  strategyOf,
  type ReservationsOptions,
  type StrategyName,
} from '../../src/index.js';

/** What tests find in an audit where nothing went wrong. */
export const SOUND = { oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };

/** The safe strategies that lock on these servers, or on none, and differ from each other once an order is in the queue. The others lock on servers that `npm run conformance` brings. */
const safeStrategiesOn = (backends: LockBackends) =>
  STRATEGY_NAMES.filter((name) => {
    const { lock, safe, counter } = strategyOf(name);
    const needed = lock && backendOf(lock);
    return safe && !counter && (!needed || needed in backends);
  });

/** As one worker process has it: own connections, own lock driver. The locks are closed with `opened`. */
export function workersOn(
  backends: LockBackends,
  opened: { close(): Promise<void> }[],
  earlyTakeover?: boolean,
) {
  return (
    { dataSource }: Shop,
    batchSize: number,
    options: Partial<ReservationsOptions<OrderRequest>> = {},
  ): Reservations<OrderRequest> => {
    const locks = new Locks(backends);
    opened.push(locks);
    return new Reservations({
      pool: poolOf(dataSource),
      batchSize,
      maxHold: 20,
      inFlight: 16,
      signal: new AbortController().signal,
      lockOptions: () => ({ ttl: 5_000, earlyTakeover }),
      lockOf: (strategy) => locks.of(strategyOf(strategy).lock!),
      onCommit: async () => undefined,
      ...options,
    });
  };
}

/** The Redis and the Postgres of the test run, with the shops and workers that a spec has on them. */
export class TestServers {
  readonly redis = new Redis(inject('redisUrl'));
  readonly opened: { close(): Promise<void> }[] = [];
  readonly worker: ReturnType<typeof workersOn>;
  readonly safe: ReturnType<typeof safeStrategiesOn>;
  readonly databaseUrl: string;

  constructor({ databaseUrl = inject('databaseUrl'), earlyTakeover = false } = {}) {
    const backends = { redis: this.redis, postgres: databaseUrl };
    this.databaseUrl = databaseUrl;
    this.worker = workersOn(backends, this.opened, earlyTakeover);
    this.safe = safeStrategiesOn(backends);
  }

  /** The safe strategies with each of these numbers of stripes that they take. */
  readonly safeWith = (...stripes: number[]) =>
    this.safe.flatMap((name) =>
      stripes
        .filter((count) => count === 1 || !hasUnitRows(strategyOf(name).write))
        .map((count) => ({ name, stripes: count })),
    );

  async openShop(poolSize?: number): Promise<Shop> {
    const shop = await Shop.open(this.databaseUrl, poolSize);
    this.opened.push(shop);
    return shop;
  }

  /** What a worker process carries adjustments out with: its own connections and locks. */
  adjuster({ dataSource }: Shop) {
    const locks = new Locks({ redis: this.redis, postgres: this.databaseUrl });
    this.opened.push(locks);
    return {
      pool: poolOf(dataSource),
      signal: new AbortController().signal,
      lockOptions: () => ({ ttl: 5_000, earlyTakeover: false }),
      lockOf: (strategy: StrategyName) => locks.of(strategyOf(strategy).lock!),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((each) => each.close()));
    this.redis.disconnect();
  }
}
