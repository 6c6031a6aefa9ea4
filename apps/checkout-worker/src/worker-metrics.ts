import { REFUSED, type QueuedOrder } from '@app/checkout-queue';
import type { EndedOrder, SectionObserver, SettledBatch, StrategyName } from '@app/inventory';
import type { LockObserver } from '@app/lock';
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

@Injectable()
export class WorkerMetrics implements SectionObserver {
  readonly #settled = new Counter({
    name: 'orders_settled_total',
    help: 'Orders that became terminal.',
    labelNames: ['strategy', 'status', 'reason'],
  });
  readonly #settlement = new Histogram({
    name: 'order_settlement_seconds',
    help: 'From the acceptance of an order, on the clock of the API, to its announced outcome.',
    buckets: SECONDS,
  });
  readonly #ended = new Counter({
    name: 'reservations_ended_total',
    help: 'Reservations that ended unpaid; their units came back.',
    labelNames: ['status'],
  });
  readonly #overdue = new Gauge({
    name: 'reservations_overdue',
    help: 'Reservations that should have ended a second before this process last looked, and had not.',
  });
  readonly #standingStill = new Gauge({
    name: 'skus_standing_still',
    help: 'SKUs of which this process has settled nothing for a while though there is something to settle; it is parked.',
    labelNames: ['what'],
  });
  readonly #batch = new Histogram({
    name: 'batch_orders',
    help: 'Orders committed in one transaction.',
    labelNames: ['strategy'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  });
  readonly #section = new Histogram({
    name: 'section_duration_seconds',
    help: 'From the read of the stock to its commit.',
    labelNames: ['strategy'],
    buckets: SECONDS,
  });
  readonly #fencedOff = new Counter({
    name: 'fenced_writes_refused_total',
    help: 'Writes of overtaken leases that the fence in the stock row refused.',
  });
  readonly #waiters = new Gauge({
    name: 'lock_waiters',
    help: 'Callers of this process that wait for a lock.',
    labelNames: ['driver'],
  });
  readonly #wait = new Histogram({
    name: 'lock_wait_seconds',
    help: 'From asking for the lock to holding it.',
    labelNames: ['driver'],
    buckets: SECONDS,
  });
  readonly #hold = new Histogram({
    name: 'lock_hold_seconds',
    help: 'From holding the lock to having released it.',
    labelNames: ['driver'],
    buckets: SECONDS,
  });
  readonly #lost = new Counter({
    name: 'lock_lost_total',
    help: 'Leases that ended before their work did.',
    labelNames: ['driver'],
  });

  committed(strategy: StrategyName, { outcomes }: SettledBatch, ms: number) {
    this.#section.observe({ strategy }, ms / 1_000);
    this.#batch.observe({ strategy }, outcomes.length);
    for (const outcome of outcomes) {
      const reason = 'reason' in outcome ? outcome.reason : '';
      this.#settled.inc({ strategy, status: outcome.status, reason });
    }
  }

  /** An order became terminal without a section. */
  refused(order: QueuedOrder) {
    this.#settled.inc({ strategy: '', ...REFUSED });
    this.announced([order]);
  }

  announced(orders: readonly QueuedOrder[]) {
    const now = Date.now();
    for (const { acceptedAt } of orders) this.#settlement.observe(Math.max(0, now - acceptedAt) / 1_000);
  }

  ended(orders: readonly EndedOrder[]) {
    for (const { status } of orders) this.#ended.inc({ status });
  }

  overdue(reservations: number) {
    this.#overdue.set(reservations);
  }

  standingStill(what: 'orders' | 'returns', skus: number) {
    this.#standingStill.set({ what }, skus);
  }

  fencedOff() {
    this.#fencedOff.inc();
  }

  lockObserver(driver: string): LockObserver {
    this.#lost.inc({ driver }, 0); // a counter that begins with 1 has not increased for Prometheus
    return {
      waiting: (change) => this.#waiters.inc({ driver }, change),
      granted: (waitedMs) => this.#wait.observe({ driver }, waitedMs / 1_000),
      released: (heldMs) => this.#hold.observe({ driver }, heldMs / 1_000),
      lost: () => this.#lost.inc({ driver }),
    };
  }
}
