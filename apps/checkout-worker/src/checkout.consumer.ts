import {
  announce,
  checkoutWorker,
  ORDERS_PER_JOB,
  type CheckoutJob,
  type QueuedOrder,
} from '@app/checkout-queue';
import type { WorkerConfig } from '@app/config';
import { poolOf } from '@app/database';
import { Reservations, SaleCatalog, strategyOf, type Settlement } from '@app/inventory';
import { Locks, Semaphore } from '@app/lock';
import type { Outcome } from '@app/orders';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Worker } from 'bullmq';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { CONFIG, REDIS } from './redis.module.js';
import { CheckoutTracing } from './tracing/checkout-tracing.js';
import { TracedLock } from './tracing/traced-lock.js';
import { WorkerMetrics } from './worker-metrics.js';

/**
 * At shutdown, in milliseconds: how long the orders in hand may take to settle before those that wait for a lock are handed
 * back to the queue, and how long before the worker leaves even so. What it leaves behind, its peers take over as stalled.
 */
const HAND_BACK_AFTER_MS = 5_000;
const LEAVE_AFTER_MS = 10_000;

/** Takes orders from the queue and has them settled. */
@Injectable()
export class CheckoutConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger(CheckoutConsumer.name);
  readonly #shutdown = new AbortController();
  readonly #catalog: SaleCatalog;
  readonly #reservations: Reservations<QueuedOrder>;
  readonly #tracing: CheckoutTracing | undefined;
  readonly #verbose: boolean;
  #worker: Worker<CheckoutJob> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: WorkerConfig,
    @Inject(REDIS) private readonly redis: Redis,
    metrics: WorkerMetrics,
    dataSource: DataSource,
    locks: Locks,
    @Inject(Semaphore) semaphore: Semaphore | null,
  ) {
    setMaxListeners(0, this.#shutdown.signal); // every lane that waits listens to it
    this.#catalog = new SaleCatalog(dataSource);
    this.#verbose = ['debug', 'trace'].includes(config.LOG_LEVEL);
    this.#tracing = config.OTEL_EXPORTER_OTLP_ENDPOINT ? new CheckoutTracing() : undefined;
    this.#reservations = new Reservations({
      pool: poolOf(dataSource),
      batchSize: config.BATCH_SIZE,
      maxHold: config.BATCH_MAX_HOLD_MS,
      inFlight: config.WORKER_CONCURRENCY,
      signal: this.#shutdown.signal,
      lockOf: async (strategy) => {
        const driver = strategyOf(strategy).lock!;
        const lock = await locks.of(driver);
        return this.#tracing ? new TracedLock(lock, driver) : lock;
      },
      lockOptions: (strategy) => ({
        ttl: strategy === 'redis-setnx' ? config.SETNX_TTL_MS : config.LOCK_TTL_MS,
        fenced: config.LOCK_EARLY_TAKEOVER,
      }),
      gate: semaphore
        ? (saleId, section) => {
            const ttl = config.LOCK_TTL_MS;
            const options = { ttl, wait: 2 * ttl, signal: this.#shutdown.signal };
            return semaphore.withPermit(saleId, options, section);
          }
        : undefined,
      observer: metrics,
      tracer: this.#tracing,
      onCommit: async (orders, settlement) => {
        const settled = orders.map((order, i) => ({ order, outcome: settlement.outcomes[i]! }));
        await announce(this.redis, settled, isSoldOut(settlement));
        metrics.announced(orders);
      },
    });
  }

  onApplicationBootstrap() {
    const { WORKER_CONCURRENCY, JOB_LOCK_MS } = this.config;
    const settle = (order: QueuedOrder) =>
      this.#tracing?.settle(order, () => this.#settle(order)) ?? this.#settle(order);
    this.#worker = checkoutWorker(this.redis, settle, {
      concurrency: Math.ceil(WORKER_CONCURRENCY / ORDERS_PER_JOB),
      lockDuration: JOB_LOCK_MS,
      stalledInterval: JOB_LOCK_MS / 2,
    });
    this.#worker.on('failed', (job, error) =>
      this.#log.warn(
        { jobId: job?.id, orders: job?.data.orders.map(named), err: error },
        'will be tried again',
      ),
    );
    this.#worker.on('stalled', (jobId) =>
      this.#log.warn({ jobId }, 'its worker vanished; back in the queue'),
    );
    this.#worker.on('error', (error) => this.#log.error({ err: error }, 'queue connection'));
  }

  async beforeApplicationShutdown() {
    const handBack = setTimeout(() => this.#shutdown.abort(), HAND_BACK_AFTER_MS);
    const done = this.#worker?.close().then(() => this.#reservations.idle());
    await Promise.race([done, sleep(LEAVE_AFTER_MS, undefined, { ref: false })]);
    clearTimeout(handBack);
  }

  async #settle(order: QueuedOrder): Promise<Outcome> {
    const sale = await this.#catalog.find(order.saleId);
    if (!sale) throw new Error(`the sale ${order.saleId} is not in the database`);
    const outcome = await this.#reservations.reserve(order, sale);
    if (this.#verbose) this.#log.debug({ ...named(order), ...outcome }, 'settled');
    return outcome;
  }
}

/** What a log is searched for. */
const named = ({ orderId, saleId, traceparent }: QueuedOrder) => ({
  orderId,
  saleId,
  trace_id: traceparent?.split('-')[1],
});

/** Only once somebody was turned away: the API's own refusals leave no row, and the audit must see that there was demand. */
function isSoldOut({ available, outcomes }: Settlement): boolean {
  return available === 0 && outcomes.some((outcome) => 'reason' in outcome && outcome.reason === 'SOLD_OUT');
}
