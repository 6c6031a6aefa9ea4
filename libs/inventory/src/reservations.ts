import { LockLostError, LockWaitTimeoutError, type Lease, type LockOptions } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { LRUCache } from 'lru-cache';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import {
  CriticalSection,
  type SectionResult,
  type SectionTarget,
  type Settlement,
} from './critical-section.js';
import { FencedOffError, TokenWentBackError } from './errors.js';
import { resourceOf } from './resource.js';
import { strategyOf, type StrategyName } from './strategies.js';
import { StripedLanes, type LaneWork } from './striped-lanes.js';
import { withLocks, type Locking } from './with-locks.js';

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
  readonly stripes: number;
  readonly perBuyerLimit: number | null;
}

export interface SectionObserver {
  /** A section committed, `ms` milliseconds after it began. */
  committed(strategy: StrategyName, settlement: Settlement, ms: number): void;
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
  readonly onCommit: (orders: readonly O[], settlement: Settlement) => Promise<void>;
}

interface Waiting<O> {
  readonly order: O;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Nothing was settled and nothing is broken: a new lease is all it takes. */
const RETRY_AT_ONCE = [LockLostError, LockWaitTimeoutError, FencedOffError];

/** Striped SKUs of which one process remembers where it found stock. */
const REMEMBERED_SKUS = 1_000;

/**
 * Gathers the orders of each SKU and settles them in batches: one contender per process waits for the lock, and each hold
 * commits all that has gathered meanwhile, in arrival order. Under a stampede one lock hold thus serves many orders.
 */
export class Reservations<O extends OrderRequest> {
  readonly #lanes = new Map<string, Lane<O>>();
  readonly #striped = new LRUCache<string, StripedLanes<Waiting<O>>>({ max: REMEMBERED_SKUS });

  constructor(private readonly options: ReservationsOptions<O>) {}

  /**
   * Settles one order, exactly once in effect. A rejected promise means that nothing is known to be settled: try again.
   *
   * @throws {LockBackendUnavailableError | LockAbortedError} or the database client's error
   */
  reserve(order: O, rules: SaleRules): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const waiting = { order, resolve, reject };
      if (rules.stripes > 1) return this.#stripedLanes(order, rules).place(waiting);
      const resource = resourceOf(order);
      this.#enter(resource, rules.strategy, waiting, () => ({
        resources: [resource],
        section: ([lease]) => new CriticalSection(this.options.pool, targetOf(order, rules), lease),
      }));
    });
  }

  /** Resolves once no section runs and no lock is held. Orders are settled a moment before their lock is released. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }

  #enter(name: string, strategy: StrategyName, waiting: Waiting<O>, work: () => LaneWork<Waiting<O>>) {
    let lane = this.#lanes.get(name);
    if (!lane) {
      const { saleId } = waiting.order;
      lane = new Lane(saleId, strategy, work(), this.options, () => this.#lanes.delete(name));
      this.#lanes.set(name, lane);
    }
    lane.add(waiting);
  }

  #stripedLanes(order: O, rules: SaleRules): StripedLanes<Waiting<O>> {
    const sku = resourceOf(order);
    const known = this.#striped.get(sku);
    if (known) return known;
    const striped = new StripedLanes(rules.stripes, targetOf(order, rules), this.options, {
      waiting: (lane) => this.#lanes.get(lane)?.waiting ?? 0,
      enter: (lane, waiting: Waiting<O>, work) => this.#enter(lane, rules.strategy, waiting, work),
    });
    this.#striped.set(sku, striped);
    return striped;
  }
}

function targetOf({ saleId, sku }: OrderRequest, { strategy, perBuyerLimit }: SaleRules): SectionTarget {
  return { saleId, sku, write: strategyOf(strategy).write, perBuyerLimit };
}

/** The orders of one SKU, or of one stripe of it, that this process has in hand. */
class Lane<O extends OrderRequest> {
  readonly #waiting: Waiting<O>[] = [];
  readonly #sections: number;
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly saleId: string,
    private readonly strategy: StrategyName,
    private readonly work: LaneWork<Waiting<O>>,
    private readonly options: ReservationsOptions<O>,
    private readonly onEmpty: () => void,
  ) {
    // Behind a lock a second section of this process would only queue for the same lock. Without one, as many run side
    // by side as the orders in hand fill.
    const { inFlight, batchSize, pool } = options;
    this.#sections = strategyOf(strategy).lock
      ? 1
      : Math.min(Math.ceil(inFlight / batchSize), pool.options.max ?? 1);
  }

  /** Orders that no section has begun to settle. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(waiting: Waiting<O>) {
    this.#waiting.push(waiting);
    this.#run();
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
      const hold = () => this.#exclusively((...leases) => this.#hold(leases));
      await this.#traced(hold).catch(async (error: unknown) => {
        if (RETRY_AT_ONCE.some((kind) => error instanceof kind)) return;
        const unsolved = error instanceof TokenWentBackError ? await this.#reseed(error) : error;
        if (unsolved) for (const { reject } of this.#waiting.splice(0)) reject(unsolved);
      });
    }
  }

  #traced(hold: () => Promise<void>): Promise<void> {
    const { tracer } = this.options;
    return tracer
      ? tracer.hold(
          this.#waiting.map(({ order }) => order),
          hold,
        )
      : hold();
  }

  async #exclusively(work: (...leases: Lease[]) => Promise<void>): Promise<void> {
    if (!strategyOf(this.strategy).lock) return work();
    const { ttl, fenced } = this.options.lockOptions(this.strategy);
    // Twice the TTL: long enough that only a lock which nobody releases and which does not run out is given up on.
    const lock = await this.options.lockOf(this.strategy);
    const options = { ttl, fenced, wait: 2 * ttl, signal: this.options.signal };
    await withLocks(lock, this.work.resources, options, work);
  }

  async #hold(leases: readonly Lease[]) {
    const { batchSize, maxHold, observer, tracer, gate = (_, work) => work() } = this.options;
    const section = this.work.section(leases);
    const until = performance.now() + maxHold;
    do {
      const batch = this.#waiting.splice(0, batchSize);
      const orders = batch.map(({ order }) => order);
      const begun = performance.now();
      const settle = () => section.settle(orders);
      const settling = gate(this.saleId, () => (tracer ? tracer.section(orders, settle) : settle()));
      const result = await settling.catch((error: unknown) => {
        this.#waiting.unshift(...batch);
        if (error instanceof FencedOffError) observer?.fencedOff();
        throw error;
      });
      this.#tell(batch, result, performance.now() - begun);
      if (batchSize === 1 || performance.now() >= until) return;
      await nextTurn(); // those just settled make room for others
    } while (this.#waiting.length > 0);
  }

  #tell(batch: readonly Waiting<O>[], { outcomes, available }: SectionResult, ms: number) {
    const decided = batch.filter((_, i) => outcomes[i]);
    if (decided.length < batch.length) this.work.handOn?.(batch.filter((_, i) => !outcomes[i]));
    if (decided.length === 0) return;
    const settlement = { outcomes: outcomes.filter((outcome) => outcome !== undefined), available };
    this.options.observer?.committed(this.strategy, settlement, ms);
    const orders = decided.map(({ order }) => order);
    this.options.onCommit(orders, settlement).then(
      () => decided.forEach(({ resolve }, i) => resolve(settlement.outcomes[i]!)),
      (error: unknown) => decided.forEach(({ reject }) => reject(error)),
    );
  }

  /** Resolves to what went wrong, if something did. */
  async #reseed({ resource, fence }: TokenWentBackError): Promise<unknown> {
    try {
      const lock = await this.options.lockOf(this.strategy);
      await lock.reseed(resource, fence);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
