import type { Lease } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { LRUCache } from 'lru-cache';
import type { DueOrder } from '../sales/due-orders.js';
import { CriticalSection, modeOf } from '../section/critical-section.js';
import { resourceOf } from '../section/resource.js';
import type { SectionTarget } from '../section/section-target.js';
import { strategyOf } from '../strategies.js';
import { StripedLanes } from '../stripes/striped-lanes.js';
import { Stores } from '../throughput/stores.js';
import type { Sku } from './lane.js';
import { Lanes } from './lanes.js';
import type { ReservationsOptions, SaleRules } from './options.js';
import type { PendingOrder } from './pending-orders.js';
import type { StockLane } from './stock-lane.js';

/** So many sales, of which one process has orders in hand, are known by their rules. */
const REMEMBERED_SALES = 1_000;
/** For so many striped SKUs, one process remembers where it found stock. */
const REMEMBERED_SKUS = 1_000;

/**
 * Gathers the orders of each SKU and settles them in batches. Only one lane per process waits for the SKU's lock; each hold
 * commits all orders that came meanwhile, in arrival order. So one hold serves many orders of a stampede.
 */
export class Reservations<O extends OrderRequest> {
  readonly #lanes: Lanes<O>;
  readonly #striped = new LRUCache<string, StripedLanes<PendingOrder<O>>>({ max: REMEMBERED_SKUS });
  readonly #stores: Stores;
  /** The rules of each sale as last told: they may change while a lane is never empty. */
  readonly #rules = new LRUCache<string, SaleRules>({ max: REMEMBERED_SALES });

  constructor(private readonly options: ReservationsOptions<O>) {
    this.#lanes = new Lanes(options);
    this.#stores = new Stores(options.pool, options.batchSize);
  }

  /**
   * Settles one order, exactly once in effect. If it rejects, the order may or may not be settled: try again.
   *
   * @throws {RefusedError} the order can never be settled as it is
   * @throws {LockBackendUnavailableError | LockAbortedError} or the database client's error
   */
  reserve(order: O, rules: SaleRules): Promise<Outcome> {
    this.#rules.set(order.saleId, rules);
    return new Promise((resolve, reject) => {
      const pending = { order, resolve, reject };
      if (rules.stripes > 1) this.#stripedLanes(order, rules).place(pending);
      else this.#onlyLane(order, rules).add(pending);
    });
  }

  /**
   * Ends a reservation if it is due and restocks its units, under the lock and fence of {@link reserve}. Resolves once it is
   * no longer due, whoever ended it.
   */
  restock(due: DueOrder, rules: SaleRules): Promise<void> {
    return new Promise((resolve, reject) => {
      const pending = { orderId: due.orderId, resolve, reject };
      if (rules.stripes > 1) this.#stripedLanes(due, rules).placeReturn(pending);
      else this.#onlyLane(due, rules).addReturn(pending);
    });
  }

  /** Rejects with `reason` the orders or returns of a SKU that wait behind the first `keep`. A section finishes what it has begun. */
  withdraw(ofSku: Sku, what: 'orders' | 'returns', keep: number, reason: Error): void {
    this.#lanes.withdraw(ofSku, what, keep, reason);
  }

  /** Resolves once no section runs and no lock is held. Those whom the last one served are told a moment before or after. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  /** The lane of a SKU that has one stripe. */
  #onlyLane(sku: Sku, rules: SaleRules): StockLane<O> {
    const target = this.#targetOf(sku, rules);
    const resource = resourceOf(sku);
    return this.#lanes.stock(resource, sku, rules.strategy, () => ({
      resources: [resource],
      section: ([lease]) => this.#section(target(), lease),
    }));
  }

  #section(target: SectionTarget, lease?: Lease): CriticalSection {
    return new CriticalSection(this.options.pool, target, lease, this.#stores.of(modeOf(target, lease)));
  }

  #stripedLanes(sku: Sku, rules: SaleRules): StripedLanes<PendingOrder<O>> {
    const resource = resourceOf(sku);
    const known = this.#striped.get(resource);
    if (known) return known;
    const { strategy } = rules;
    const { pool, batchSize } = this.options;
    const section = (target: SectionTarget, lease?: Lease) => this.#section(target, lease);
    const striped = new StripedLanes<PendingOrder<O>>(
      rules.stripes,
      this.#targetOf(sku, rules),
      { pool, batchSize, section },
      {
        waiting: (name) => this.#lanes.waiting(name),
        stock: (name, work) => this.#lanes.stock(name, sku, strategy, work),
        other: (name, work) => this.#lanes.other(name, sku, strategy, work),
      },
    );
    this.#striped.set(resource, striped);
    return striped;
  }

  /** The target of a section that begins now. */
  #targetOf({ saleId, sku }: Sku, first: SaleRules): () => SectionTarget {
    return () => {
      const { strategy, perBuyerLimit, reservationTtlSeconds } = this.#rules.get(saleId) ?? first;
      return { saleId, sku, write: strategyOf(strategy).write, perBuyerLimit, reservationTtlSeconds };
    };
  }
}
