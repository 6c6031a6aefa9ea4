import {
  announce,
  announceReturn,
  announceUnits,
  DeadLetters,
  giveBack,
  ORDERS_IN_HAND_PER_SKU,
  REFUSED,
  RestockReminders,
  type OfSku,
  type QueuedOrder,
} from '@app/checkout-queue';
import type { WorkerConfig } from '@app/config';
import { poolOf } from '@app/database';
import {
  carryOut,
  dueOf,
  RefusedError,
  Reservations,
  SaleCatalog,
  strategyOf,
  type DueOrder,
  type LockingOptions,
  type PendingAdjustment,
  type Sale,
  type SettledBatch,
} from '@app/inventory';
import { Locks, Semaphore } from '@app/lock';
import { Shards, ThinnedLog } from '@app/servers';
import type { Outcome } from '@app/orders';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import { DataSource } from 'typeorm';
import { CONFIG } from './redis.module.js';
import { CheckoutTracing } from './tracing/checkout-tracing.js';
import { TracedLock } from './tracing/traced-lock.js';
import { WorkerMetrics } from './worker-metrics.js';

/** The critical sections of this process: reserves stock, restocks it, and announces the outcomes. */
@Injectable()
export class StockKeeper {
  readonly #log = new Logger(StockKeeper.name);
  readonly #thinned = new ThinnedLog(this.#log);
  readonly #shutdown = new AbortController();
  readonly #catalog: SaleCatalog;
  readonly #reminders: RestockReminders;
  readonly #deadLetters: DeadLetters;
  readonly #locking: LockingOptions;
  readonly #reservations: Reservations<QueuedOrder>;
  readonly #tracing: CheckoutTracing | undefined;
  readonly #verbose: boolean;
  readonly #adjusting = new Set<Promise<void>>();

  constructor(
    @Inject(CONFIG) config: WorkerConfig,
    private readonly shards: Shards,
    private readonly metrics: WorkerMetrics,
    private readonly dataSource: DataSource,
    locks: Locks,
    @Inject(Semaphore) semaphore: Semaphore | null,
  ) {
    setMaxListeners(0, this.#shutdown.signal); // every waiting lane listens to it
    this.#catalog = new SaleCatalog(dataSource);
    this.#reminders = new RestockReminders(shards);
    this.#deadLetters = new DeadLetters(shards);
    this.#verbose = ['debug', 'trace'].includes(config.LOG_LEVEL);
    this.#tracing = config.OTEL_EXPORTER_OTLP_ENDPOINT ? new CheckoutTracing() : undefined;
    this.#locking = {
      signal: this.#shutdown.signal,
      lockOf: async (strategy) => {
        const driver = strategyOf(strategy).lock!;
        const lock = await locks.of(driver);
        return this.#tracing ? new TracedLock(lock, driver) : lock;
      },
      lockOptions: (strategy) => ({
        ttl: strategy === 'redis-setnx' ? config.SETNX_TTL_MS : config.LOCK_TTL_MS,
        earlyTakeover: config.LOCK_EARLY_TAKEOVER,
      }),
    };
    this.#reservations = new Reservations({
      ...this.#locking,
      pool: poolOf(dataSource),
      batchSize: config.BATCH_SIZE,
      maxHold: config.BATCH_MAX_HOLD_MS,
      inFlight: Math.min(config.WORKER_CONCURRENCY, ORDERS_IN_HAND_PER_SKU),
      gate: semaphore
        ? (saleId, section) => {
            const ttl = config.LOCK_TTL_MS;
            const options = { ttl, wait: 2 * ttl, signal: this.#shutdown.signal };
            return semaphore.withPermit(saleId, options, section);
          }
        : undefined,
      observer: metrics,
      tracer: this.#tracing,
      onCommit: (orders, batch) => this.#tellSettled(orders, batch),
      onRestock: async (saleId, sku, restocked) => {
        metrics.ended(restocked.ended);
        await this.#giveBack({ saleId, sku }, [restocked]);
        await announceReturn(this.shards, { saleId, sku }, restocked);
      },
    });
  }

  settle(order: QueuedOrder): Promise<Outcome> {
    return this.#tracing?.settle(order, () => this.#reserve(order)) ?? this.#reserve(order);
  }

  /** Restocks the orders that are due. Resolves to whether there were any: most are paid by then, and take no lock. */
  async restock(orderIds: readonly string[]): Promise<boolean> {
    const due = await dueOf(poolOf(this.dataSource), orderIds);
    await this.restockAll(due);
    return due.length > 0;
  }

  /** Adds units to a SKU or withdraws them, as an admin wants it. If the process dies before it tells, the API finds the units. */
  async adjust(adjustment: PendingAdjustment): Promise<void> {
    const adjusting = this.#adjust(adjustment);
    this.#adjusting.add(adjusting);
    await adjusting.finally(() => this.#adjusting.delete(adjusting));
  }

  async #adjust(adjustment: PendingAdjustment): Promise<void> {
    const options = { ...this.#locking, pool: poolOf(this.dataSource) };
    const adjusted = await carryOut(options, adjustment, await this.#saleOf(adjustment));
    await this.#giveBack(adjustment, adjusted);
    const fuller = adjusted.filter(({ units }) => units > 0);
    if (fuller.length > 0) await announceUnits(this.shards, adjustment, fuller);
    if (adjusted.length > 0) this.#log.log({ ...adjustment }, 'adjusted');
  }

  /** Settles once all have been tried. Rejects if one could not be restocked. */
  async restockAll(due: readonly DueOrder[]): Promise<void> {
    const restocked = await Promise.allSettled(due.map((order) => this.#restockOne(order)));
    for (const each of restocked) if (each.status === 'rejected') throw each.reason;
  }

  /** Rejects with `reason` the orders or returns of a SKU that wait behind the first `keep`. */
  withdraw(ofSku: OfSku, what: 'orders' | 'returns', keep: number, reason: Error): void {
    this.#reservations.withdraw(ofSku, what, keep, reason);
  }

  /** Resolves once no section runs and no lock is held. */
  async idle(): Promise<void> {
    await Promise.all([this.#reservations.idle(), Promise.allSettled(this.#adjusting)]);
  }

  /** Hands everything that waits for a lock back to the queue. */
  handBack(): void {
    this.#shutdown.abort();
  }

  async #reserve(order: QueuedOrder): Promise<Outcome> {
    try {
      const outcome = await this.#reservations.reserve(order, await this.#saleOf(order));
      if (this.#verbose) this.#log.debug({ ...named(order), ...outcome }, 'settled');
      return outcome;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#log.error({ ...named(order), err: error.cause }, 'refused for good: a dead letter');
      await this.#deadLetters.keepOrder(order, error.cause);
      this.metrics.refused(order);
      return REFUSED;
    }
  }

  /** A reservation that Postgres refuses to end stays overdue: sweeps go on trying it. */
  async #restockOne(due: DueOrder): Promise<void> {
    try {
      await this.#reservations.restock(due, await this.#saleOf(due));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#thinned.warn(error.cause, 'to end it was refused: a dead letter', named(due));
      await this.#deadLetters.keepRestock(due, error.cause);
    }
  }

  async #tellSettled(orders: readonly QueuedOrder[], batch: SettledBatch): Promise<void> {
    const settled = orders.map((order, i) => ({ order, outcome: batch.outcomes[i]! }));
    const { reservationTtlSeconds } = await this.#saleOf(orders[0]!);
    const reserved = settled.filter(({ outcome }) => outcome.status === 'reserved');
    if (reservationTtlSeconds !== null && reserved.length > 0) {
      const orderIds = reserved.map(({ order }) => order.orderId);
      await this.#reminders.remind(orderIds, reservationTtlSeconds * 1_000, orders[0]!);
    }
    await announce(this.shards, settled, soldOutAt(batch));
    this.metrics.announced(orders);
  }

  /** What came back in Postgres is there for the next buyer, also where units are counted in Redis. */
  async #giveBack(sku: OfSku, rows: Parameters<typeof giveBack>[2]): Promise<void> {
    const { strategy } = await this.#saleOf(sku);
    if (strategyOf(strategy).counter && rows.length > 0) await giveBack(this.shards, sku, rows);
  }

  async #saleOf({ saleId }: { readonly saleId: string }): Promise<Sale> {
    const sale = await this.#catalog.find(saleId);
    if (sale) return sale;
    this.#catalog.forget(saleId); // so that an order that is sent again finds a sale that was put back
    throw new RefusedError(new Error(`the sale ${saleId} is not in the database`));
  }
}

/** The fields by which one searches a log. */
export const named = ({ orderId, saleId, traceparent }: DueOrder & Pick<QueuedOrder, 'traceparent'>) => ({
  orderId,
  saleId,
  trace_id: traceparent?.split('-')[1],
});

/** Sold out only once an order was rejected: the API's refusals leave no row, and the audit must see that there was demand. */
function soldOutAt({ available, versions, outcomes }: SettledBatch): readonly string[] | undefined {
  const isRefused = outcomes.some((outcome) => 'reason' in outcome && outcome.reason === 'SOLD_OUT');
  return available === 0 && isRefused ? versions : undefined;
}
