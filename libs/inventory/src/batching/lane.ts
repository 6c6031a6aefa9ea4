import type { Lease } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { FencedOffError, RefusedError, TokenWentBackError } from '../section/errors.js';
import type { SectionResult } from '../section/settle-each-once.js';
import type { Restocked } from '../section/stock-store.js';
import { underLock } from '../section/under-lock.js';
import { verdictOn } from '../section/verdict-on.js';
import { strategyOf, type StrategyName } from '../strategies.js';
import { inHalves } from './in-halves.js';
import type { ReservationsOptions } from './options.js';

export type Sku = Pick<OrderRequest, 'saleId' | 'sku'>;

export interface PendingOrder<O> {
  readonly order: O;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A reservation that is to end. */
export interface PendingReturn {
  readonly orderId: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a lane does during a hold. */
export interface Section {
  settle(orders: readonly OrderRequest[]): Promise<SectionResult>;
  /** Absent where no units ever come back. */
  restock?(orderIds: readonly string[]): Promise<Restocked>;
}

/** How a lane serves the orders that are pending in it. */
export interface LaneWork<P> {
  /** The resources to lock, in this order. */
  readonly resources: readonly string[];
  readonly section: (leases: readonly Lease[]) => Section;
  /** Takes the orders that the section left undecided; absent where it decides all. */
  readonly handOn?: (undecided: readonly P[]) => void;
}

/** A lane tries again at once this often in a row; after that the queue chooses the time. */
const MOST_REPEATS = 8;
/** A hold that is older hangs: each statement, and the wait for a permit, has a limit of some ten seconds. */
const LONGEST_HOLD_MS = 30_000;

/** The orders of one SKU, or of one stripe of it, that this process has in hand. */
export class Lane<O extends OrderRequest> {
  readonly #orders: PendingOrder<O>[] = [];
  readonly #returns: PendingReturn[] = [];
  readonly #sections: number;
  readonly #running = new Set<Promise<void>>();
  /** Whether a batch was settled since the last failure. Until then a second section would waste a connection on the same row. */
  #moves = false;

  constructor(
    readonly sku: Sku,
    private readonly strategy: StrategyName,
    private readonly work: LaneWork<PendingOrder<O>>,
    private readonly options: ReservationsOptions<O>,
    private readonly onEmpty: () => void,
  ) {
    // With a lock, a second section of this process would only queue for it. Without one, the orders in hand fill several.
    const { inFlight, batchSize, pool } = options;
    this.#sections = strategyOf(strategy).lock
      ? 1
      : Math.min(Math.ceil(inFlight / batchSize), pool.options.max ?? 1);
  }

  /** Orders that no section has begun to settle. */
  get waiting(): number {
    return this.#orders.length;
  }

  add(order: PendingOrder<O>) {
    this.#orders.push(order);
    this.#run();
  }

  addReturn(due: PendingReturn) {
    this.#returns.push(due);
    this.#run();
  }

  /** Rejects those that wait behind the first `keep`: orders, or reservations that are to end. */
  withdraw(what: 'orders' | 'returns', keep: number, reason: Error) {
    const pending = what === 'orders' ? this.#orders : this.#returns;
    for (const { reject } of pending.splice(keep)) reject(reason);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  get #busy(): boolean {
    return this.#orders.length > 0 || this.#returns.length > 0;
  }

  #run() {
    if (this.#running.size >= (this.#moves ? this.#sections : 1)) return;
    // Orders that arrive in one turn of the event loop go together.
    const running = nextTurn()
      .then(() => this.#drain())
      .finally(() => {
        this.#running.delete(running);
        // An order that came after the last look found no room for a section of its own.
        if (this.#busy) this.#run();
        else if (this.#running.size === 0) this.onEmpty();
      });
    this.#running.add(running);
  }

  async #drain() {
    let failures = 0;
    while (this.#busy) {
      try {
        await this.#traced(() => this.#exclusively((...leases) => this.#hold(leases)));
        failures = 0;
      } catch (error) {
        const unsolved = await this.#unsolved(error, ++failures);
        if (!unsolved) continue;
        failures = 0;
        this.#moves = false;
        for (const { reject } of [...this.#orders.splice(0), ...this.#returns.splice(0)]) reject(unsolved);
      }
    }
  }

  /** Resolves to the error, unless the hold may be tried again at once, under a new lease after a random pause. */
  async #unsolved(error: unknown, failures: number): Promise<unknown> {
    if (verdictOn(error) !== 'repeat' || failures > MOST_REPEATS) return error;
    if (error instanceof TokenWentBackError) return this.#reseed(error);
    await sleep(Math.random() * 2 ** failures);
    return undefined;
  }

  #traced(hold: () => Promise<void>): Promise<void> {
    const { tracer } = this.options;
    if (!tracer || this.#orders.length === 0) return hold();
    const orders = this.#orders.map(({ order }) => order);
    return tracer.hold(orders, hold);
  }

  /** Takes the strategy's lock, if it has one. The work is the same. */
  async #exclusively(work: (...leases: Lease[]) => Promise<void>): Promise<void> {
    const { lockOf, lockOptions, signal } = this.options;
    const lock = strategyOf(this.strategy).lock ? await lockOf(this.strategy) : undefined;
    const { ttl, earlyTakeover } = lockOptions(this.strategy);
    // Twice the TTL: only a lock that nobody releases and that never runs out keeps a waiter for longer.
    const options = { ttl, earlyTakeover, wait: 2 * ttl, longest: LONGEST_HOLD_MS, signal };
    await underLock(lock, this.work.resources, options, work);
  }

  async #hold(leases: readonly Lease[]) {
    const { batchSize, maxHold } = this.options;
    const section = this.work.section(leases);
    const until = performance.now() + maxHold;
    do {
      if (this.#returns.length > 0) await this.#restockBatch(section); // first, so that what comes back is there for those who wait
      if (this.#orders.length > 0) await this.#settleBatch(section);
      this.#moves = true;
      if (this.#busy) this.#run();
      if (batchSize === 1 || performance.now() >= until) return;
      await allTold(); // those just settled may bring new orders
    } while (this.#busy);
  }

  async #settleBatch(section: Section) {
    const { batchSize, tracer } = this.options;
    const settleAll = async (batch: readonly PendingOrder<O>[]) => {
      const orders = batch.map(({ order }) => order);
      const begun = performance.now();
      const settle = () => section.settle(orders);
      const result = await this.#gated(() => (tracer ? tracer.section(orders, settle) : settle()));
      this.#tell(batch, result, performance.now() - begun);
    };
    await inHalves(this.#orders, batchSize, settleAll, rejectAlone);
  }

  async #restockBatch(section: Section) {
    const restockAll = async (batch: readonly PendingReturn[]) => {
      const restocked = await this.#gated(() => section.restock!(batch.map(({ orderId }) => orderId)));
      this.#tellRestocked(batch, restocked);
    };
    await inHalves(this.#returns, this.options.batchSize, restockAll, rejectAlone);
  }

  /** A commit counts even if its permit got lost meanwhile: permits only bound how many sections run. */
  async #gated<T>(work: () => Promise<T>): Promise<T> {
    const { observer, gate } = this.options;
    let committed: { readonly result: T } | undefined;
    const section = async () => {
      committed = { result: await work() };
    };
    try {
      await (gate ? gate(this.sku.saleId, section) : section());
    } catch (error) {
      if (error instanceof FencedOffError) observer?.fencedOff();
      if (!committed) throw error;
    }
    return committed!.result;
  }

  #tellRestocked(batch: readonly PendingReturn[], restocked: Restocked) {
    const { saleId, sku } = this.sku;
    const told = restocked.ended.length > 0 ? this.options.onRestock?.(saleId, sku, restocked) : undefined;
    Promise.resolve(told).then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  }

  #tell(batch: readonly PendingOrder<O>[], { outcomes, ...left }: SectionResult, ms: number) {
    const decided = batch.filter((_, i) => outcomes[i]);
    if (decided.length < batch.length) this.work.handOn?.(batch.filter((_, i) => !outcomes[i]));
    if (decided.length === 0) return;
    const settled = { outcomes: outcomes.filter((outcome) => outcome !== undefined), ...left };
    this.options.observer?.committed(this.strategy, settled, ms);
    const orders = decided.map(({ order }) => order);
    this.options.onCommit(orders, settled).then(
      () => decided.forEach(({ resolve }, i) => resolve(settled.outcomes[i]!)),
      (error: unknown) => decided.forEach(({ reject }) => reject(error)),
    );
  }

  /** Resolves to the error, if there is one. */
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

/** Resolves once those whose promises were just settled have acted. Cheaper than a turn of the event loop. */
const allTold = () => new Promise<void>((resolve) => process.nextTick(resolve));

const rejectAlone = ({ reject }: Pick<PendingReturn, 'reject'>, error: unknown) =>
  reject(verdictOn(error) === 'refused' ? new RefusedError(error) : error);
