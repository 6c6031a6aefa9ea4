import type { LockOptions } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Pool } from 'pg';
import type { SectionResult, SettledBatch } from '../section/settle-each-once.js';
import type { Restocked } from '../section/stock-store.js';
import type { Locking } from '../section/under-lock.js';
import type { StrategyName } from '../strategies.js';

/** How reservations are gathered. Durations are in milliseconds. */
export interface BatchLimits {
  /** Orders of one lane per transaction at most, which lanes may share; 1 is the textbook lock per order. */
  readonly batchSize: number;
  /** A hold begins no further transaction once it is this old. With batches of 1 it has just one. */
  readonly maxHold: number;
  /** Orders of one SKU in hand at a time: how many `reserve` calls the process makes before it waits for one. */
  readonly inFlight: number;
}

/** What the reservations of one sale go by. */
export interface SaleRules {
  readonly strategy: StrategyName;
  readonly stripes: number;
  readonly perBuyerLimit: number | null;
  readonly reservationTtlSeconds?: number | null;
}

export interface SectionObserver {
  /** A section committed, `ms` milliseconds after it began. */
  committed(strategy: StrategyName, batch: SettledBatch, ms: number): void;
  /** The fence refused the write of a lease that had been overtaken. */
  fencedOff(): void;
}

/** Wraps what is done for several orders at a time, for traces. */
export interface HoldTracer<O> {
  /** From asking for the lock to its release; these orders wait for it. */
  hold<T>(waiting: readonly O[], work: () => Promise<T>): Promise<T>;
  section(orders: readonly O[], work: () => Promise<SectionResult>): Promise<SectionResult>;
}

export interface ReservationsOptions<O extends OrderRequest> extends BatchLimits {
  readonly pool: Pool;
  /** Aborts when the process shuts down: orders that still wait for a lock are handed back by rejecting them. */
  readonly signal: AbortSignal;
  /** `fenced` allows waiters to take over early: whatever is written under a lease with a token is guarded by it. */
  readonly lockOptions: (strategy: StrategyName) => Pick<LockOptions, 'ttl' | 'fenced'>;
  readonly lockOf: (strategy: StrategyName) => Promise<Locking>;
  /** Bounds how many sections of a sale run at a time, over all processes; they all may unless it is given. */
  readonly gate?: <T>(saleId: string, section: () => Promise<T>) => Promise<T>;
  /** Told what happens in critical sections, for metrics. */
  readonly observer?: SectionObserver;
  readonly tracer?: HoldTracer<O>;
  /** Runs after each commit, off the lock; the orders count as settled once it resolves. */
  readonly onCommit: (orders: readonly O[], batch: SettledBatch) => Promise<void>;
  /** The same after reservations of a SKU ended and their units came back. */
  readonly onRestock?: (saleId: string, sku: string, restocked: Restocked) => Promise<void>;
}
