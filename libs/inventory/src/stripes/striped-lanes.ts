import type { Lease } from '@app/lock';
import type { Pool } from 'pg';
import type { LaneWork } from '../batching/lane.js';
import type { PendingReturn, StockSection } from '../batching/pending-returns.js';
import type { CriticalSection } from '../section/critical-section.js';
import { resourceOf, resourcesOf } from '../section/resource.js';
import type { SectionTarget } from '../section/section-target.js';
import { settleFromAllStripes } from './all-stripes.js';
import { rejectIfSoldOut } from './sold-out.js';

/** The lanes of this process, by name. */
interface Lanes<P> {
  waiting(name: string): number;
  /** The lane of a stripe. */
  stock(name: string, work: () => LaneWork<P, StockSection>): StripeLane<P>;
  other(name: string, work: () => LaneWork<P>): Pick<StripeLane<P>, 'add'>;
}

interface StripeLane<P> {
  add(order: P): void;
  addReturn(due: PendingReturn): void;
}

/**
 * Leads an order through the stripes of its SKU: to one that seems to have stock, else to the next. If all are empty, a section
 * rejects it as sold out. What stays undecided goes to the section over all stripes.
 */
export class StripedLanes<P> {
  readonly #name: string;
  readonly #resources: readonly string[];
  /** The stripes that seem to have stock, the favourite first. A mistake costs time, nothing else. */
  #open: number[];

  constructor(
    stripes: number,
    private readonly target: () => SectionTarget,
    private readonly options: {
      readonly pool: Pool;
      readonly batchSize: number;
      readonly section: (target: SectionTarget, lease?: Lease) => CriticalSection;
    },
    private readonly lanes: Lanes<P>,
  ) {
    this.#name = resourceOf(target());
    this.#resources = resourcesOf(target(), stripes);
    this.#open = shuffled(this.#resources.map(() => 1));
  }

  place(order: P): void {
    const stripe = this.#choose();
    if (stripe === undefined) this.lanes.other(`${this.#name}:sold-out`, () => this.#soldOut()).add(order);
    else this.#lane(stripe).add(order);
  }

  /** Units may be restocked in any stripe. The favourite gets them all, so that they stay together. */
  placeReturn(due: PendingReturn): void {
    const stripe = this.#open[0] ?? Math.floor(Math.random() * this.#resources.length);
    if (this.#open.length === 0) this.#open = [stripe]; // soon it will have some
    this.#lane(stripe).addReturn(due);
  }

  /** The first whose next batch has room, so that batches are full; if none has, the one with the fewest orders. */
  #choose(): number | undefined {
    const waiting = (stripe: number) => this.lanes.waiting(this.#resources[stripe]!);
    const [first, ...others] = this.#open;
    return (
      this.#open.find((stripe) => waiting(stripe) < this.options.batchSize) ??
      others.reduce((least, stripe) => (waiting(stripe) < waiting(least!) ? stripe : least), first)
    );
  }

  #lane(stripe: number): StripeLane<P> {
    return this.lanes.stock(this.#resources[stripe]!, () => this.#one(stripe));
  }

  #one(stripe: number): LaneWork<P, StockSection> {
    return {
      resources: [this.#resources[stripe]!],
      section: ([lease]) => {
        const section = this.options.section({ ...this.target(), stripe }, lease);
        return {
          settle: async (orders) => {
            const { outcomes, available } = await section.settle(orders);
            if (available === 0) this.#open = this.#open.filter((open) => open !== stripe);
            return { outcomes }; // what is left of a stripe is not what is left of the SKU
          },
          restock: (orderIds) => section.restock(orderIds),
        };
      },
      handOn: (undecided) => {
        const tooFew = this.#open.includes(stripe);
        undecided.forEach((each) => (tooFew ? this.#takeFromAll(each) : this.place(each)));
      },
    };
  }

  #soldOut(): LaneWork<P> {
    return {
      resources: [],
      section: () => ({ settle: (orders) => rejectIfSoldOut(this.options.pool, this.target(), orders) }),
      handOn: (undecided) => undecided.forEach((each) => this.#takeFromAll(each)),
    };
  }

  #takeFromAll(order: P) {
    const { pool } = this.options;
    const learn = (left: readonly number[]) => (this.#open = shuffled(left));
    const all = { pool, stripes: this.#resources.length, learn };
    const work = (): LaneWork<P> => ({
      resources: this.#resources,
      section: (leases) => {
        const target = this.target();
        return { settle: (orders) => settleFromAllStripes({ ...all, target, leases }, orders) };
      },
    });
    this.lanes.other(`${this.#name}:all`, work).add(order);
  }
}

/** The stripes that have units, in random order, fuller ones rather first: so processes do not all choose the same. */
function shuffled(left: readonly number[]): number[] {
  const weights = left.map((units) => units * Math.random());
  return [...weights.keys()].filter((i) => left[i]! > 0).sort((a, b) => weights[b]! - weights[a]!);
}
