import type { OrderRequest, Outcome } from '@app/orders';
import type { SectionResult } from '../section/settle-each-once.js';
import type { StrategyName } from '../strategies.js';
import { gated } from './gated.js';
import { inHalves } from './in-halves.js';
import type { ReservationsOptions } from './options.js';
import { rejectAlone, type Pending, type Telling } from './pending.js';

export interface PendingOrder<O> {
  readonly order: O;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** What a lane does with orders during a hold. */
export interface Section {
  settle(orders: readonly OrderRequest[]): Promise<SectionResult>;
}

/** The orders that no section has begun to settle. */
export class PendingOrders<O extends OrderRequest> implements Pending<Section> {
  readonly #orders: PendingOrder<O>[] = [];

  /** @param handOn takes the orders that a section left undecided; absent where it decides all */
  constructor(
    private readonly saleId: string,
    private readonly strategy: StrategyName,
    private readonly options: ReservationsOptions<O>,
    private readonly handOn?: (undecided: readonly PendingOrder<O>[]) => void,
  ) {}

  get count(): number {
    return this.#orders.length;
  }

  add(order: PendingOrder<O>) {
    this.#orders.push(order);
  }

  reject(reason: unknown, keep = 0) {
    for (const { reject } of this.#orders.splice(keep)) reject(reason);
  }

  /** Traces a hold as what these orders wait for. */
  traced(hold: () => Promise<void>): Promise<void> {
    const { tracer } = this.options;
    if (!tracer || this.#orders.length === 0) return hold();
    const orders = this.#orders.map(({ order }) => order);
    return tracer.hold(orders, hold);
  }

  serve(section: Section, telling: Telling): Promise<void> {
    const { batchSize, tracer } = this.options;
    const settleAll = async (batch: readonly PendingOrder<O>[]) => {
      const orders = batch.map(({ order }) => order);
      const begun = performance.now();
      const settle = () => section.settle(orders);
      const result = await gated(this.options, this.saleId, () =>
        tracer ? tracer.section(orders, settle) : settle(),
      );
      const took = performance.now() - begun;
      telling(() => this.#tell(batch, result, took));
    };
    return inHalves(this.#orders, batchSize, settleAll, rejectAlone);
  }

  #tell(batch: readonly PendingOrder<O>[], { outcomes, ...left }: SectionResult, ms: number) {
    const decided = batch.filter((_, i) => outcomes[i]);
    if (decided.length < batch.length) this.handOn?.(batch.filter((_, i) => !outcomes[i]));
    if (decided.length === 0) return;
    const settled = { outcomes: outcomes.filter((outcome) => outcome !== undefined), ...left };
    this.options.observer?.committed(this.strategy, settled, ms);
    const orders = decided.map(({ order }) => order);
    this.options.onCommit(orders, settled).then(
      () => decided.forEach(({ resolve }, i) => resolve(settled.outcomes[i]!)),
      (error: unknown) => decided.forEach(({ reject }) => reject(error)),
    );
  }
}
