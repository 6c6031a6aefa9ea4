import { announceEnding, DeadLetters, PARKED } from '@app/checkout-queue';
import type { WorkerConfig } from '@app/config';
import { poolOf } from '@app/database';
import {
  dueOf,
  OverdueOrders,
  overdueAdjustments,
  refundedOf,
  resourceOf,
  type DueOrder,
} from '@app/inventory';
import { Payments } from '@app/payments';
import { Shards, ThinnedLog } from '@app/servers';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { again } from './again.js';
import { CONFIG } from './redis.module.js';
import { StockKeeper } from './stock-keeper.js';
import { WorkerMetrics } from './worker-metrics.js';

/** Which overdue reservations a sweep takes: a second late, since the reminder comes first, and so many at a time. */
const OVERDUE = { seconds: 1, most: 1_000, perSku: 256 };

/** The same of adjustments. */
const OVERDUE_ADJUSTMENTS = { seconds: 1, most: 100 };
/** Dead letters that a sweep looks at. */
const LETTERS = 100;
/** Refunded orders restocked in one sweep. */
const MOST_REFUNDED = 100;

/**
 * Finds in Postgres what nobody finished: reservations and adjustments whose job Redis lost, payments whose process died, refunds that failed.
 * Every worker sweeps; what two of them find is done once.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new ThinnedLog(new Logger(Sweeper.name));
  readonly #shutdown = new AbortController();
  #sweeping: Promise<unknown> | undefined;
  /** SKUs that are being restocked or adjusted. */
  readonly #underWay = new Set<string>();
  readonly #overdue: OverdueOrders;
  readonly #deadLetters: DeadLetters;
  #nextLetters: string | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: WorkerConfig,
    private readonly shards: Shards,
    private readonly dataSource: DataSource,
    private readonly stock: StockKeeper,
    private readonly payments: Payments,
    private readonly metrics: WorkerMetrics,
  ) {
    this.#overdue = new OverdueOrders(poolOf(dataSource), OVERDUE);
    this.#deadLetters = new DeadLetters(shards);
  }

  onApplicationBootstrap() {
    // Loops of their own: payments may wait for their provider, and reservations do not need Redis.
    const sweeps = [() => this.#stock(), () => this.#payments(), () => this.#letters()];
    const onError = (error: unknown) => this.#log.warn(error, 'will be swept again');
    const until = { ending: this.#shutdown.signal, onError };
    const { SWEEP_INTERVAL_MS } = this.config;
    this.#sweeping = Promise.all(sweeps.map((sweep) => again(SWEEP_INTERVAL_MS, sweep, until)));
  }

  async beforeApplicationShutdown() {
    this.#shutdown.abort();
    await this.#sweeping;
  }

  async #stock() {
    const found = await this.#overdue.look();
    this.metrics.overdue(found.length);
    const pool = poolOf(this.dataSource);
    const [refunded, adjustments] = await Promise.all([
      refundedOf(pool, MOST_REFUNDED),
      overdueAdjustments(pool, OVERDUE_ADJUSTMENTS),
    ]);
    if (this.#shutdown.signal.aborted) return; // what begins now might hold a lock when the process exits
    for (const [name, due] of bySku([...found, ...refunded]))
      void this.#once(name, () => this.stock.restockAll(due));
    for (const each of adjustments)
      void this.#once(`${resourceOf(each)}:adjust`, () => this.stock.adjust(each));
  }

  /** No SKU waits for the lock of another. A SKU is not swept again while it waits. */
  async #once(name: string, work: () => Promise<void>) {
    if (this.#underWay.has(name)) return;
    this.#underWay.add(name);
    try {
      await work();
    } catch (error) {
      if (error !== PARKED) this.#log.warn(error, 'will be swept again', { sku: name });
    } finally {
      this.#underWay.delete(name);
    }
  }

  /** A reservation that is no longer due is no dead letter: whoever ended it may have died before it said so. */
  async #letters() {
    const { letters, next } = await this.#deadLetters.page(LETTERS, this.#nextLetters);
    this.#nextLetters = next;
    const orderIds = letters.filter(({ kind }) => kind === 'release').map(({ order }) => order.orderId);
    if (orderIds.length === 0) return;
    const due = await dueOf(poolOf(this.dataSource), orderIds);
    const stillDue = new Set(due.map(({ orderId }) => orderId));
    await this.#deadLetters.drop(...orderIds.filter((orderId) => !stillDue.has(orderId)));
  }

  async #payments() {
    const paid = await this.payments.resume();
    if (paid.length > 0) {
      await announceEnding(
        this.shards,
        paid.map((orderId) => ({ orderId, status: 'paid' })),
      );
    }
  }
}

function bySku(orders: readonly DueOrder[]): Map<string, DueOrder[]> {
  const skus = new Map<string, DueOrder[]>();
  for (const order of orders) {
    const name = resourceOf(order);
    const ofSku = skus.get(name) ?? [];
    skus.set(name, ofSku);
    ofSku.push(order);
  }
  return skus;
}
