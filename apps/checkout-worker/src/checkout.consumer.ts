import {
  checkoutWorkers,
  PARKED,
  restockWorkers,
  type CheckoutJob,
  type OfSku,
  type RestockJob,
} from '@app/checkout-queue';
import type { WorkerConfig } from '@app/config';
import { poolOf } from '@app/database';
import { takesWrites } from '@app/inventory';
import { Shards, ThinnedLog } from '@app/servers';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Worker } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { CONFIG } from './redis.module.js';
import { named, StockKeeper } from './stock-keeper.js';
import { WorkerMetrics } from './worker-metrics.js';

/**
 * In milliseconds, at shutdown: how long orders in hand may take to settle. Then those that wait for a lock go back to the queue;
 * the process leaves the rest behind, and other workers take it over as stalled.
 */
const HAND_BACK_AFTER_MS = 5_000;
/** The same as a share of the time that the process has to end, if that is short. */
const HAND_BACK_AFTER = 1 / 4;

/** Most reminder jobs in hand at a time. */
const RESTOCK_JOBS = 256;

/** In milliseconds: between two tries to reach Postgres. */
const RETRY_MS = 500;

/** Most SKUs that a line of the log names. */
const NAMED_SKUS = 5;

/** Takes orders from the queues and has them settled or restocked. */
@Injectable()
export class CheckoutConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger(CheckoutConsumer.name);
  readonly #thinned = new ThinnedLog(this.#log);
  #workers: readonly Pick<Worker, 'on' | 'close' | 'pause' | 'resume'>[] = [];
  #isResting = false;
  #isEnding = false;

  constructor(
    @Inject(CONFIG) private readonly config: WorkerConfig,
    private readonly shards: Shards,
    private readonly dataSource: DataSource,
    private readonly stock: StockKeeper,
    private readonly metrics: WorkerMetrics,
  ) {}

  onApplicationBootstrap() {
    const { WORKER_CONCURRENCY, JOB_LOCK_MS } = this.config;
    const optionsFor = (what: 'orders' | 'returns') => ({
      lockDuration: JOB_LOCK_MS,
      stalledInterval: JOB_LOCK_MS / 2,
      withdraw: (ofSku: OfSku, keep: number, reason: Error) => this.stock.withdraw(ofSku, what, keep, reason),
      onLook: (stopped: readonly OfSku[], still: number) => {
        this.metrics.standingStill(what, still);
        if (stopped.length === 0) return;
        const skus = stopped.slice(0, NAMED_SKUS).map(({ saleId, sku }) => ({ saleId, sku }));
        this.#log.warn({ what, skus, of: stopped.length }, 'stands still; what comes of it is parked');
      },
    });
    this.#workers = [
      ...checkoutWorkers(this.shards, (order) => this.#orRest(this.stock.settle(order)), {
        ...optionsFor('orders'),
        maxOrders: WORKER_CONCURRENCY,
      }),
      ...restockWorkers(this.shards, (job) => this.#orRest(this.#restock(job)), {
        ...optionsFor('returns'),
        concurrency: RESTOCK_JOBS,
      }),
    ];
    for (const worker of this.#workers) {
      worker.on('failed', (job, error) => {
        const orders = job && ordersIn(job.data as CheckoutJob | RestockJob);
        this.#thinned.warn(error, 'will be tried again', { jobId: job?.id, orders });
      });
      worker.on('stalled', (jobId) => this.#log.warn({ jobId }, 'its worker vanished; back in the queue'));
      worker.on('error', (error) => this.#thinned.warn(error, 'queue connection'));
    }
  }

  async beforeApplicationShutdown() {
    this.#isEnding = true;
    const after = Math.min(HAND_BACK_AFTER_MS, this.config.SHUTDOWN_TIMEOUT_MS * HAND_BACK_AFTER);
    const handBack = setTimeout(() => this.stock.handBack(), after);
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.stock.idle();
    clearTimeout(handBack);
    this.stock.handBack(); // a late sweep takes no lock any more
    await this.stock.idle();
  }

  async #restock({ orderIds, adjustmentId: id, saleId, sku }: RestockJob): Promise<boolean> {
    if (id === undefined) return this.stock.restock(orderIds);
    await this.stock.adjust({ id, saleId: saleId!, sku: sku! });
    return true;
  }

  async #orRest<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error !== PARKED) void this.#rest();
      throw error;
    }
  }

  /** While Postgres takes no writes, takes no further jobs: other workers, which may reach it, settle them sooner. */
  async #rest() {
    if (this.#isResting) return;
    this.#isResting = true;
    for (const worker of this.#workers) void worker.pause(true);
    while (!this.#isEnding && !(await takesWrites(poolOf(this.dataSource)))) await sleep(RETRY_MS);
    this.#isResting = false;
    if (!this.#isEnding) for (const worker of this.#workers) void worker.resume();
  }
}

const ordersIn = (job: CheckoutJob | RestockJob) => ('orders' in job ? job.orders.map(named) : job.orderIds);
