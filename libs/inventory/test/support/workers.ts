import { poolOf } from '@app/database';
import { backendOf, Locks, type LockBackends } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Shop } from '@app/testing';
import { Reservations, STRATEGY_NAMES, strategyOf, type ReservationsOptions } from '../../src/index.js';

/** The safe strategies that lock on these servers, or on none. The others lock on servers that `npm run conformance` brings. */
export const safeStrategiesOn = (backends: LockBackends) =>
  STRATEGY_NAMES.filter((name) => {
    const { lock, safe } = strategyOf(name);
    const needed = lock && backendOf(lock);
    return safe && (!needed || needed in backends);
  });

/** As one worker process has it: own connections, own lock driver. The locks are closed with `opened`. */
export function workersOn(backends: LockBackends, opened: { close(): Promise<void> }[], fenced?: boolean) {
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
      lockOptions: () => ({ ttl: 5_000, fenced }),
      lockOf: (strategy) => locks.of(strategyOf(strategy).lock!),
      onCommit: async () => undefined,
      ...options,
    });
  };
}
