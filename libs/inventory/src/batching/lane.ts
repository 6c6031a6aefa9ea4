import type { Lease } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { strategyOf, type StrategyName } from '../strategies.js';
import { Exclusion } from './exclusion.js';
import type { ReservationsOptions } from './options.js';
import { PendingOrders, type PendingOrder, type Section } from './pending-orders.js';
import type { Pending, Telling } from './pending.js';

export type Sku = Pick<OrderRequest, 'saleId' | 'sku'>;

/** How a lane serves what is pending in it. */
export interface LaneWork<P, S extends Section = Section> {
  /** The resources to lock, in this order. */
  readonly resources: readonly string[];
  readonly section: (leases: readonly Lease[]) => S;
  /** Takes the orders that the section left undecided; absent where it decides all. */
  readonly handOn?: (undecided: readonly P[]) => void;
}

/** The orders of one SKU, or of one stripe of it, that this process has in hand. They wait for the lock together. */
export class Lane<O extends OrderRequest, S extends Section = Section> {
  readonly #orders: PendingOrders<O>;
  readonly #pending: readonly Pending<S>[];
  readonly #sections: number;
  readonly #exclusion: Exclusion;
  readonly #running = new Set<Promise<void>>();
  /** Whether a batch was settled since the last failure. Until then a second section would waste a connection on the same row. */
  #moves = false;

  /** @param first what is served before the orders */
  constructor(
    readonly sku: Sku,
    strategy: StrategyName,
    private readonly work: LaneWork<PendingOrder<O>, S>,
    private readonly options: ReservationsOptions<O>,
    private readonly onEmpty: () => void,
    first: readonly Pending<S>[] = [],
  ) {
    this.#orders = new PendingOrders(sku.saleId, strategy, options, work.handOn);
    this.#pending = [...first, this.#orders];
    this.#exclusion = new Exclusion(strategy, options);
    // With a lock, a second section of this process would only queue for it, and one of two serializable ones fails. Else the orders in
    // hand fill several.
    const { inFlight, batchSize, pool } = options;
    const { lock, write } = strategyOf(strategy);
    this.#sections =
      lock || write === 'serializable' ? 1 : Math.min(Math.ceil(inFlight / batchSize), pool.options.max ?? 1);
  }

  /** Orders that no section has begun to settle. */
  get waiting(): number {
    return this.#orders.count;
  }

  add(order: PendingOrder<O>) {
    this.#orders.add(order);
    this.run();
  }

  /** Rejects the orders that wait behind the first `keep`. */
  withdrawOrders(keep: number, reason: Error) {
    this.#orders.reject(reason, keep);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Serves what is pending, unless enough sections do already. */
  protected run() {
    if (this.#running.size >= (this.#moves ? this.#sections : 1)) return;
    // Orders that arrive in one turn of the event loop go together.
    const running = nextTurn()
      .then(() => this.#drain())
      .finally(() => {
        this.#running.delete(running);
        // An order that came after the last look found no room for a section of its own.
        if (this.#busy) this.run();
        else if (this.#running.size === 0) this.onEmpty();
      });
    this.#running.add(running);
  }

  get #busy(): boolean {
    for (const pending of this.#pending) if (pending.count > 0) return true;
    return false;
  }

  async #drain() {
    let failures = 0;
    while (this.#busy) {
      try {
        const { resources } = this.work;
        await this.#orders.traced(() => this.#exclusion.run(resources, (...leases) => this.#hold(leases)));
        failures = 0;
      } catch (error) {
        const unsolved = await this.#exclusion.unsolved(error, ++failures);
        if (!unsolved) continue;
        failures = 0;
        this.#moves = false;
        for (const pending of this.#pending) pending.reject(unsolved);
      }
    }
  }

  async #hold(leases: readonly Lease[]) {
    const { batchSize, maxHold } = this.options;
    const section = this.work.section(leases);
    const until = performance.now() + maxHold;
    const isOver = () => batchSize === 1 || performance.now() >= until;
    // Who waits for the next batch, or for the lock, goes first: those who were served are told while the database works for others.
    const telling: Telling = (tell) => (this.#busy || isOver() ? setImmediate(tell) : tell());
    do {
      for (const pending of this.#pending) if (pending.count > 0) await pending.serve(section, telling);
      this.#moves = true;
      if (this.#busy) this.run();
      if (isOver()) return;
      if (!this.#busy) await allTold(); // those just settled may bring new orders
    } while (this.#busy);
  }
}

/** Resolves once those whose promises were just settled have acted. Cheaper than a turn of the event loop. */
const allTold = () => new Promise<void>((resolve) => process.nextTick(resolve));
