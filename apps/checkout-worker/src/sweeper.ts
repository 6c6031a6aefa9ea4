import { announceEnding } from '@app/checkout-queue';
import type { WorkerConfig } from '@app/config';
import { poolOf } from '@app/database';
import { overdue } from '@app/inventory';
import { Payments } from '@app/payments';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { CONFIG, REDIS } from './redis.module.js';
import { StockKeeper } from './stock-keeper.js';
import { WorkerMetrics } from './worker-metrics.js';

/** A reservation is nobody's business here until its reminder has had so many seconds. */
const REMINDED_FOR = 1;
/** Overdue reservations taken up at a time. */
const MOST = 1_000;

/**
 * Looks into Postgres now and then for what nobody finished: reservations whose reminder was lost with Redis, payments whose
 * process died, refunds that failed. Every worker does; what two of them find is done once.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger(Sweeper.name);
  readonly #shutdown = new AbortController();
  #sweeping: Promise<unknown> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: WorkerConfig,
    @Inject(REDIS) private readonly redis: Redis,
    private readonly dataSource: DataSource,
    private readonly stock: StockKeeper,
    private readonly payments: Payments,
    private readonly metrics: WorkerMetrics,
  ) {}

  onApplicationBootstrap() {
    // Apart: reservations may wait for a lock, payments for their provider.
    const loops = [this.#again(() => this.#reservations()), this.#again(() => this.#payments())];
    this.#sweeping = Promise.all(loops);
  }

  async beforeApplicationShutdown() {
    this.#shutdown.abort();
    await this.#sweeping;
  }

  async #again(sweep: () => Promise<void>) {
    const { signal } = this.#shutdown;
    while (!signal.aborted) {
      await sweep().catch((error: unknown) => this.#log.warn({ err: error }, 'will be swept again'));
      // Not all workers at once.
      const pause = this.config.SWEEP_INTERVAL_MS * (0.75 + Math.random() / 2);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  async #reservations() {
    const found = await overdue(poolOf(this.dataSource), REMINDED_FOR, MOST);
    this.metrics.overdue(found.length);
    await this.stock.giveBack(found);
  }

  async #payments() {
    const paid = await this.payments.resume();
    if (paid.length > 0) {
      await announceEnding(
        this.redis,
        paid.map((orderId) => ({ orderId, status: 'paid' })),
      );
    }
  }
}
