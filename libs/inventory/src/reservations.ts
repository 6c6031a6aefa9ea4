import { LockLostError, LockWaitTimeoutError, type Lease, type Lock, type LockOptions } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import { CriticalSection, type Settlement } from './critical-section.js';
import { FencedOffError, TokenWentBackError } from './errors.js';
import { strategyOf, type StrategyName } from './strategies.js';

/** How reservations are gathered. Durations are in milliseconds. */
export interface BatchLimits {
  /** Orders per transaction at most; 1 is the textbook lock per order. */
  readonly batchSize: number;
  /** A hold begins no further transaction once it is this old. With batches of 1 it has just one. */
  readonly maxHold: number;
  /** Orders in hand at a time: how many `reserve` calls the process makes before it waits for one. */
  readonly inFlight: number;
}

/** What the reservations of one sale go by. */
export interface SaleRules {
  readonly strategy: StrategyName;
  readonly perBuyerLimit: number | null;
}

export interface SectionObserver {
  /** A section committed, `ms` milliseconds after it began. */
  committed(strategy: StrategyName, settlement: Settlement, ms: number): void;
  /** The fence refused the write of a lease that had been overtaken. */
  fencedOff(): void;
}

export interface ReservationsOptions<O extends OrderRequest> extends BatchLimits {
  readonly pool: Pool;
  /** Aborts when the process shuts down: orders that still wait for a lock are handed back by rejecting them. */
  readonly signal: AbortSignal;
  /** `fenced` allows waiters to take over early: whatever is written under a lease with a token is guarded by it. */
  readonly lockOptions: (strategy: StrategyName) => Pick<LockOptions, 'ttl' | 'fenced'>;
  readonly lockOf: (strategy: StrategyName) => Promise<Lock>;
  /** Bounds how many sections of a sale run at a time, over all processes; they all may unless it is given. */
  readonly gate?: <T>(saleId: string, section: () => Promise<T>) => Promise<T>;
  /** Told what happens in critical sections, for metrics. */
  readonly observer?: SectionObserver;
  /** Runs after each commit, off the lock; the orders count as settled once it resolves. */
  readonly onCommit: (orders: readonly O[], settlement: Settlement) => Promise<void>;
}

interface Waiting<O> {
  readonly order: O;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Nothing was settled and nothing is broken: a new lease is all it takes. */
const RETRY_AT_ONCE = [LockLostError, LockWaitTimeoutError, FencedOffError];

/**
 * Gathers the orders of each SKU and settles them in batches: one contender per process waits for the lock, and each hold
 * commits all that has gathered meanwhile, in arrival order. Under a stampede one lock hold thus serves many orders.
 */
export class Reservations<O extends OrderRequest> {
  readonly #lanes = new Map<string, Lane<O>>();

  constructor(private readonly options: ReservationsOptions<O>) {}

  /**
   * Settles one order, exactly once in effect. A rejected promise means that nothing is known to be settled: try again.
   *
   * @throws {LockBackendUnavailableError | LockAbortedError} or the database client's error
   */
  reserve(order: O, rules: SaleRules): Promise<Outcome> {
    const resource = `${order.saleId}:${order.sku}`;
    let lane = this.#lanes.get(resource);
    if (!lane) {
      lane = new Lane(resource, rules, order, this.options, () => this.#lanes.delete(resource));
      this.#lanes.set(resource, lane);
    }
    return lane.add(order);
  }

  /** Resolves once no section runs and no lock is held. Orders are settled a moment before their lock is released. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }
}

/** The orders of one SKU that this process has in hand. */
class Lane<O extends OrderRequest> {
  readonly #waiting: Waiting<O>[] = [];
  readonly #sections: number;
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly resource: string,
    private readonly rules: SaleRules,
    private readonly item: Pick<OrderRequest, 'saleId' | 'sku'>,
    private readonly options: ReservationsOptions<O>,
    private readonly onEmpty: () => void,
  ) {
    // Behind a lock a second section of this process would only queue for the same lock. Without one, as many run side
    // by side as the orders in hand fill.
    const { inFlight, batchSize, pool } = options;
    this.#sections = strategyOf(rules.strategy).lock
      ? 1
      : Math.min(Math.ceil(inFlight / batchSize), pool.options.max ?? 1);
  }

  add(order: O): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, resolve, reject });
      this.#run();
    });
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #run() {
    if (this.#running.size >= this.#sections) return;
    // Orders that arrive in one turn of the event loop go together.
    const running = nextTurn()
      .then(() => this.#drain())
      .finally(() => {
        this.#running.delete(running);
        // An order may have come between the last look and now, when there was no room for a section of its own.
        if (this.#waiting.length > 0) this.#run();
        else if (this.#running.size === 0) this.onEmpty();
      });
    this.#running.add(running);
  }

  async #drain() {
    while (this.#waiting.length > 0) {
      await this.#exclusively((lease) => this.#hold(lease)).catch(async (error: unknown) => {
        if (RETRY_AT_ONCE.some((kind) => error instanceof kind)) return;
        const unsolved = error instanceof TokenWentBackError ? await this.#reseed(error) : error;
        if (unsolved) for (const { reject } of this.#waiting.splice(0)) reject(unsolved);
      });
    }
  }

  async #exclusively(work: (lease?: Lease) => Promise<void>): Promise<void> {
    const { strategy } = this.rules;
    if (!strategyOf(strategy).lock) return work();
    const { ttl, fenced } = this.options.lockOptions(strategy);
    // Twice the TTL: long enough that only a lock which nobody releases and which does not run out is given up on.
    const lock = await this.options.lockOf(strategy);
    await lock.withLock(this.resource, { ttl, fenced, wait: 2 * ttl, signal: this.options.signal }, work);
  }

  async #hold(lease?: Lease) {
    const { pool, batchSize, maxHold, observer, gate = (_, work) => work() } = this.options;
    const { write } = strategyOf(this.rules.strategy);
    const target = { ...this.item, write, perBuyerLimit: this.rules.perBuyerLimit };
    const section = new CriticalSection(pool, target, lease);
    const until = performance.now() + maxHold;
    do {
      const batch = this.#waiting.splice(0, batchSize);
      const orders = batch.map(({ order }) => order);
      const begun = performance.now();
      const settling = gate(this.item.saleId, () => section.settle(orders));
      const settlement = await settling.catch((error: unknown) => {
        this.#waiting.unshift(...batch);
        if (error instanceof FencedOffError) observer?.fencedOff();
        throw error;
      });
      observer?.committed(this.rules.strategy, settlement, performance.now() - begun);
      this.#tell(batch, orders, settlement);
      if (batchSize === 1 || performance.now() >= until) return;
      await nextTurn(); // those just settled make room for others
    } while (this.#waiting.length > 0);
  }

  #tell(batch: readonly Waiting<O>[], orders: readonly O[], settlement: Settlement) {
    this.options.onCommit(orders, settlement).then(
      () => batch.forEach(({ resolve }, i) => resolve(settlement.outcomes[i]!)),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  }

  /** Resolves to what went wrong, if something did. */
  async #reseed({ fence }: TokenWentBackError): Promise<unknown> {
    try {
      const lock = await this.options.lockOf(this.rules.strategy);
      await lock.reseed(this.resource, fence);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
