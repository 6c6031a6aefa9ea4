import { LockLostError, LockWaitTimeoutError, type Lease } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SectionResult } from './critical-section.js';
import { FencedOffError, TokenWentBackError } from './errors.js';
import type { ReservationsOptions } from './reservations-options.js';
import { strategyOf, type StrategyName } from './strategies.js';
import type { LaneWork, Returning } from './striped-lanes.js';
import { withLocks } from './with-locks.js';

export type Sku = Pick<OrderRequest, 'saleId' | 'sku'>;

export interface Waiting<O> {
  readonly order: O;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Nothing was settled and nothing is broken: a new lease is all it takes. */
const RETRY_AT_ONCE = [LockLostError, LockWaitTimeoutError, FencedOffError];

/** The orders of one SKU, or of one stripe of it, that this process has in hand. */
export class Lane<O extends OrderRequest> {
  readonly #waiting: Waiting<O>[] = [];
  readonly #returning: Returning[] = [];
  readonly #sections: number;
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly sku: Sku,
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

  giveBack(returning: Returning) {
    this.#returning.push(returning);
    this.#run();
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  get #busy(): boolean {
    return this.#waiting.length > 0 || this.#returning.length > 0;
  }

  #run() {
    if (this.#running.size >= this.#sections) return;
    // Orders that arrive in one turn of the event loop go together.
    const running = nextTurn()
      .then(() => this.#drain())
      .finally(() => {
        this.#running.delete(running);
        // An order may have come between the last look and now, when there was no room for a section of its own.
        if (this.#busy) this.#run();
        else if (this.#running.size === 0) this.onEmpty();
      });
    this.#running.add(running);
  }

  async #drain() {
    while (this.#busy) {
      const hold = () => this.#exclusively((...leases) => this.#hold(leases));
      await this.#traced(hold).catch(async (error: unknown) => {
        if (RETRY_AT_ONCE.some((kind) => error instanceof kind)) return;
        const unsolved = error instanceof TokenWentBackError ? await this.#reseed(error) : error;
        if (!unsolved) return;
        for (const { reject } of [...this.#waiting.splice(0), ...this.#returning.splice(0)]) reject(unsolved);
      });
    }
  }

  #traced(hold: () => Promise<void>): Promise<void> {
    const { tracer } = this.options;
    const orders = this.#waiting.map(({ order }) => order);
    return tracer && orders.length > 0 ? tracer.hold(orders, hold) : hold();
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
    const { batchSize, maxHold } = this.options;
    let section = this.work.section(leases);
    const until = performance.now() + maxHold;
    do {
      if (this.#returning.length > 0) {
        await this.#giveBackBatch(leases); // first, so that what comes back is there for those who wait
        section = this.work.section(leases); // one that does not believe it knows the stock
      }
      if (this.#waiting.length > 0) await this.#settleBatch(section);
      if (batchSize === 1 || performance.now() >= until) return;
      await allTold(); // those just settled make room for others
    } while (this.#busy);
  }

  async #settleBatch(section: ReturnType<LaneWork<Waiting<O>>['section']>) {
    const { batchSize, tracer } = this.options;
    const batch = this.#waiting.splice(0, batchSize);
    const orders = batch.map(({ order }) => order);
    const begun = performance.now();
    const settle = () => section.settle(orders);
    const settling = this.#gated(() => (tracer ? tracer.section(orders, settle) : settle()));
    const result = await orPutBack(settling, batch, this.#waiting);
    this.#tell(batch, result, performance.now() - begun);
  }

  async #giveBackBatch(leases: readonly Lease[]) {
    const { sku, options } = this;
    const batch = this.#returning.splice(0, options.batchSize);
    const section = this.work.releases!(leases);
    const releasing = this.#gated(() => section.release(batch.map(({ orderId }) => orderId)));
    const ended = await orPutBack(releasing, batch, this.#returning);
    const told = ended.length > 0 ? options.onRelease?.(sku.saleId, sku.sku, ended) : undefined;
    Promise.resolve(told).then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  }

  async #gated<T>(work: () => Promise<T>): Promise<T> {
    const { observer, gate = (_, section) => section() } = this.options;
    return gate(this.sku.saleId, work).catch((error: unknown) => {
      if (error instanceof FencedOffError) observer?.fencedOff();
      throw error;
    });
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

/** Resolves once whoever was told something by a promise has acted on it. A turn of the event loop would do too, and costs more. */
const allTold = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** What did not come to an end goes back to where it was taken from. */
async function orPutBack<T, W>(work: Promise<T>, batch: readonly W[], queue: W[]): Promise<T> {
  return work.catch((error: unknown) => {
    queue.unshift(...batch);
    throw error;
  });
}
