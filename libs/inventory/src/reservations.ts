import type { OrderRequest, Outcome } from '@app/orders';
import { LRUCache } from 'lru-cache';
import { CriticalSection, type SectionTarget } from './critical-section.js';
import type { DueOrder } from './due-orders.js';
import { Lane, type Sku, type Waiting } from './lane.js';
import { ReleaseSection } from './release-section.js';
import type { ReservationsOptions, SaleRules } from './reservations-options.js';
import { resourceOf } from './resource.js';
import { FencedStatements } from './stock-statements.js';
import { strategyOf, type StrategyName } from './strategies.js';
import { StripedLanes, type LaneWork } from './striped-lanes.js';

/** Striped SKUs of which one process remembers where it found stock. */
const REMEMBERED_SKUS = 1_000;

/**
 * Gathers the orders of each SKU and settles them in batches: one contender per process waits for the lock, and each hold
 * commits all that has gathered meanwhile, in arrival order. Under a stampede one lock hold thus serves many orders.
 */
export class Reservations<O extends OrderRequest> {
  readonly #lanes = new Map<string, Lane<O>>();
  readonly #striped = new LRUCache<string, StripedLanes<Waiting<O>>>({ max: REMEMBERED_SKUS });

  readonly #shared: FencedStatements;

  constructor(private readonly options: ReservationsOptions<O>) {
    this.#shared = new FencedStatements(options.pool, options.batchSize);
  }

  /**
   * Settles one order, exactly once in effect. A rejected promise means that nothing is known to be settled: try again.
   *
   * @throws {RefusedError} it will never be settled as it is
   * @throws {LockBackendUnavailableError | LockAbortedError} or the database client's error
   */
  reserve(order: O, rules: SaleRules): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const waiting = { order, resolve, reject };
      if (rules.stripes > 1) this.#stripedLanes(order, rules).place(waiting);
      else this.#lane(resourceOf(order), order, rules.strategy, () => this.#whole(order, rules)).add(waiting);
    });
  }

  /**
   * Ends a reservation if it is due, and gives its units back, under the lock and the fence under which they went. Resolves
   * once it is not due any more, whoever ended it. Otherwise as {@link reserve}.
   */
  release(due: DueOrder, rules: SaleRules): Promise<void> {
    return new Promise((resolve, reject) => {
      const returning = { orderId: due.orderId, resolve, reject };
      if (rules.stripes > 1) this.#stripedLanes(due, rules).giveBack(returning);
      else
        this.#lane(resourceOf(due), due, rules.strategy, () => this.#whole(due, rules)).giveBack(returning);
    });
  }

  /**
   * Rejects with `reason` what waits of a SKU behind the first `keep`: its orders, or its reservations that are to end. Those
   * that a section has begun to settle are left to it.
   */
  withdraw({ saleId, sku }: Sku, what: 'orders' | 'returns', keep: number, reason: Error): void {
    const ofSku = [...this.#lanes.values()].filter(
      (lane) => lane.sku.saleId === saleId && lane.sku.sku === sku,
    );
    for (const lane of ofSku) lane.withdraw(what, Math.ceil(keep / ofSku.length), reason);
  }

  /** Resolves once no section runs and no lock is held. Orders are settled a moment before their lock is released. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }

  #whole(sku: Sku, rules: SaleRules): LaneWork<Waiting<O>> {
    const { pool } = this.options;
    const target = targetOf(sku, rules);
    return {
      resources: [resourceOf(sku)],
      section: ([lease]) => new CriticalSection(pool, target, lease, this.#shared),
      releases: ([lease]) => new ReleaseSection(pool, target, lease),
    };
  }

  #lane(name: string, sku: Sku, strategy: StrategyName, work: () => LaneWork<Waiting<O>>): Lane<O> {
    const there = this.#lanes.get(name);
    if (there) return there;
    const lane = new Lane(sku, strategy, work(), this.options, () => this.#lanes.delete(name));
    this.#lanes.set(name, lane);
    return lane;
  }

  #stripedLanes(sku: Sku, rules: SaleRules): StripedLanes<Waiting<O>> {
    const resource = resourceOf(sku);
    const known = this.#striped.get(resource);
    if (known) return known;
    const { strategy } = rules;
    const options = { ...this.options, shared: this.#shared };
    const striped = new StripedLanes<Waiting<O>>(rules.stripes, targetOf(sku, rules), options, {
      waiting: (lane) => this.#lanes.get(lane)?.waiting ?? 0,
      enter: (lane, waiting, work) => this.#lane(lane, sku, strategy, work).add(waiting),
      giveBack: (lane, returning, work) => this.#lane(lane, sku, strategy, work).giveBack(returning),
    });
    this.#striped.set(resource, striped);
    return striped;
  }
}

function targetOf({ saleId, sku }: Sku, rules: SaleRules): SectionTarget {
  const { strategy, perBuyerLimit, reservationTtlSeconds } = rules;
  return { saleId, sku, write: strategyOf(strategy).write, perBuyerLimit, reservationTtlSeconds };
}
