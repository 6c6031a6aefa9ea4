import type { LockOptions } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Pool } from 'pg';
import type { SectionResult, SettledBatch } from '../section/settle-each-once.js';
import type { Restocked } from '../section/stock-store.js';
import type { Locking } from '../section/under-lock.js';
import type { StrategyName } from '../strategies.js';

/** How reservations are gathered. Durations are in milliseconds. */
export interface BatchLimits {
  /** Most orders of one lane in a transaction, which lanes may share; 1 is the textbook lock per order. */
  readonly batchSize: number;
  /** A hold that is this old begins no further transaction. With batches of 1 it has just one. */
  readonly maxHold: number;
  /** How many `reserve` calls for one SKU the process makes before it waits for one to end. */
  readonly inFlight: number;
}

/** The rules of a sale's reservations. */
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

/** Wraps the work that serves several orders at a time, for traces. */
export interface HoldTracer<O> {
  /** From asking for the lock to its release; these orders wait for it. */
  hold<T>(waiting: readonly O[], work: () => Promise<T>): Promise<T>;
  section(orders: readonly O[], work: () => Promise<SectionResult>): Promise<SectionResult>;
}

/** How the locks of strategies are had. */
export interface LockingOptions {
  /** Aborts when the process shuts down. Orders that still wait for a lock are then rejected, which hands them back. */
  readonly signal: AbortSignal;
  readonly lockOptions: (strategy: StrategyName) => Pick<LockOptions, 'ttl' | 'earlyTakeover'>;
  readonly lockOf: (strategy: StrategyName) => Promise<Locking>;
}

export interface ReservationsOptions<O extends OrderRequest> extends BatchLimits, LockingOptions {
  readonly pool: Pool;
  /** Bounds how many sections of a sale run at a time, over all processes. Unless given, there is no bound. */
  readonly gate?: <T>(saleId: string, section: () => Promise<T>) => Promise<T>;
  /** Told what happens in critical sections, for metrics. */
  readonly observer?: SectionObserver;
  readonly tracer?: HoldTracer<O>;
  /** Runs after each commit, without the lock. The orders count as settled once it resolves. */
  readonly onCommit: (orders: readonly O[], batch: SettledBatch) => Promise<void>;
  /** The same after reservations of a SKU ended and their units were restocked. */
  readonly onRestock?: (saleId: string, sku: string, restocked: Restocked) => Promise<void>;
}
