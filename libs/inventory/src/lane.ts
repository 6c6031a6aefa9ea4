import type { Lease } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { SectionResult } from './critical-section.js';
import { FencedOffError, RefusedError, TokenWentBackError } from './errors.js';
import { inHalves } from './in-halves.js';
import type { Released } from './release-section.js';
import type { ReservationsOptions } from './reservations-options.js';
import { strategyOf, type StrategyName } from './strategies.js';
import type { LaneWork, Returning } from './striped-lanes.js';
import { verdictOn } from './verdict-on.js';
import { withLocks } from './with-locks.js';

export type Sku = Pick<OrderRequest, 'saleId' | 'sku'>;

export interface Waiting<O> {
  readonly order: O;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** How often what may succeed at once is tried again in a row, before the queue is left to choose the time. */
const MOST_REPEATS = 8;
/** A hold that is older hangs: each statement has a limit of its own, of some ten seconds, and so has the wait for a permit. */
const LONGEST_HOLD_MS = 30_000;

/** The orders of one SKU, or of one stripe of it, that this process has in hand. */
export class Lane<O extends OrderRequest> {
  readonly #waiting: Waiting<O>[] = [];
  readonly #returning: Returning[] = [];
  readonly #sections: number;
  readonly #running = new Set<Promise<void>>();
  /** Whether a batch was settled since one failed. Until then a second section might only wait for the same row, with a connection. */
  #moves = false;

  constructor(
    readonly sku: Sku,
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

  /** Rejects those that wait behind the first `keep`: orders, or reservations that are to end. */
  withdraw(what: 'orders' | 'returns', keep: number, reason: Error) {
    const waiting = what === 'orders' ? this.#waiting : this.#returning;
    for (const { reject } of waiting.splice(keep)) reject(reason);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  get #busy(): boolean {
    return this.#waiting.length > 0 || this.#returning.length > 0;
  }

  #run() {
    if (this.#running.size >= (this.#moves ? this.#sections : 1)) return;
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
        for (const { reject } of [...this.#waiting.splice(0), ...this.#returning.splice(0)]) reject(unsolved);
      }
    }
  }

  /** What a hold failed for, unless it may be tried again at once: under a new lease, after a pause by chance. */
  async #unsolved(error: unknown, failures: number): Promise<unknown> {
    if (verdictOn(error) !== 'repeat' || failures > MOST_REPEATS) return error;
    if (error instanceof TokenWentBackError) return this.#reseed(error);
    await sleep(Math.random() * 2 ** failures);
    return undefined;
  }

  #traced(hold: () => Promise<void>): Promise<void> {
    const { tracer } = this.options;
    if (!tracer || this.#waiting.length === 0) return hold();
    const orders = this.#waiting.map(({ order }) => order);
    return tracer.hold(orders, hold);
  }

  async #exclusively(work: (...leases: Lease[]) => Promise<void>): Promise<void> {
    if (!strategyOf(this.strategy).lock) return work();
    const { ttl, fenced } = this.options.lockOptions(this.strategy);
    // Twice the TTL: long enough that only a lock which nobody releases and which does not run out is given up on.
    const lock = await this.options.lockOf(this.strategy);
    const options = { ttl, fenced, wait: 2 * ttl, longest: LONGEST_HOLD_MS, signal: this.options.signal };
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
      this.#moves = true;
      if (this.#busy) this.#run();
      if (batchSize === 1 || performance.now() >= until) return;
      await allTold(); // those just settled make room for others
    } while (this.#busy);
  }

  async #settleBatch(section: ReturnType<LaneWork<Waiting<O>>['section']>) {
    const { batchSize, tracer } = this.options;
    const settleAll = async (batch: readonly Waiting<O>[]) => {
      const orders = batch.map(({ order }) => order);
      const begun = performance.now();
      const settle = () => section.settle(orders);
      const result = await this.#gated(() => (tracer ? tracer.section(orders, settle) : settle()));
      this.#tell(batch, result, performance.now() - begun);
    };
    await inHalves(this.#waiting, batchSize, settleAll, rejectAlone);
  }

  async #giveBackBatch(leases: readonly Lease[]) {
    const section = this.work.releases!(leases);
    const releaseAll = async (batch: readonly Returning[]) => {
      const released = await this.#gated(() => section.release(batch.map(({ orderId }) => orderId)));
      this.#tellReturned(batch, released);
    };
    await inHalves(this.#returning, this.options.batchSize, releaseAll, rejectAlone);
  }

  /** What a section committed is committed, whatever becomes of its permit meanwhile: that only bounds how many run. */
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

  #tellReturned(batch: readonly Returning[], released: Released) {
    const { saleId, sku } = this.sku;
    const told = released.ended.length > 0 ? this.options.onRelease?.(saleId, sku, released) : undefined;
    Promise.resolve(told).then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  }

  #tell(batch: readonly Waiting<O>[], { outcomes, ...left }: SectionResult, ms: number) {
    const decided = batch.filter((_, i) => outcomes[i]);
    if (decided.length < batch.length) this.work.handOn?.(batch.filter((_, i) => !outcomes[i]));
    if (decided.length === 0) return;
    const settlement = { outcomes: outcomes.filter((outcome) => outcome !== undefined), ...left };
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

const rejectAlone = ({ reject }: Pick<Returning, 'reject'>, error: unknown) =>
  reject(verdictOn(error) === 'refused' ? new RefusedError(error) : error);
