import type { Lease } from '@app/lock';
import type { Pool } from 'pg';
import type { LaneWork, PendingReturn } from '../batching/lane.js';
import type { CriticalSection, SectionTarget } from '../section/critical-section.js';
import { resourceOf, resourcesOf } from '../section/resource.js';
import { settleFromAllStripes } from './all-stripes.js';
import { rejectIfSoldOut } from './sold-out.js';

/** The lanes of this process, by name. A lane is there while something is pending in it. */
export interface Lanes<P> {
  waiting(name: string): number;
  add(name: string, order: P, work: () => LaneWork<P>): void;
  addReturn(name: string, due: PendingReturn, work: () => LaneWork<P>): void;
}

/**
 * The way of an order through the stripes of its SKU, in one process: to a stripe that is believed to have stock; when that
 * is empty, to the next; when all are, to the section that says sold out. An order for which a stripe has too few units, and
 * one that finds all of them empty by mistake, ends in the section over all stripes. A wrong belief costs time, nothing else.
 */
export class StripedLanes<P> {
  readonly #name: string;
  readonly #resources: readonly string[];
  /** The stripes believed to have stock, the favourite first. */
  #open: number[];

  constructor(
    stripes: number,
    private readonly target: SectionTarget,
    private readonly options: {
      readonly pool: Pool;
      readonly batchSize: number;
      readonly section: (target: SectionTarget, lease?: Lease) => CriticalSection;
    },
    private readonly lanes: Lanes<P>,
  ) {
    this.#name = resourceOf(target);
    this.#resources = resourcesOf(target, stripes);
    this.#open = shuffled(this.#resources.map(() => 1));
  }

  place(order: P): void {
    const stripe = this.#choose();
    if (stripe === undefined) this.lanes.add(`${this.#name}:sold-out`, order, () => this.#soldOut());
    else this.lanes.add(this.#resources[stripe]!, order, () => this.#one(stripe));
  }

  /** To any stripe: the units of an order need not go where they came from. What comes back together stays together. */
  placeReturn(due: PendingReturn): void {
    const stripe = this.#open[0] ?? Math.floor(Math.random() * this.#resources.length);
    if (this.#open.length === 0) this.#open = [stripe]; // soon it will have some
    this.lanes.addReturn(this.#resources[stripe]!, due, () => this.#one(stripe));
  }

  /** The first whose next batch has room: batches are full, and as many stripes work at a time as the orders fill. */
  #choose(): number | undefined {
    const waiting = (stripe: number) => this.lanes.waiting(this.#resources[stripe]!);
    const [first, ...others] = this.#open;
    return (
      this.#open.find((stripe) => waiting(stripe) < this.options.batchSize) ??
      others.reduce((least, stripe) => (waiting(stripe) < waiting(least!) ? stripe : least), first)
    );
  }

  #one(stripe: number): LaneWork<P> {
    return {
      resources: [this.#resources[stripe]!],
      section: ([lease]) => {
        const section = this.options.section({ ...this.target, stripe }, lease);
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
      section: () => ({ settle: (orders) => rejectIfSoldOut(this.options.pool, this.target, orders) }),
      handOn: (undecided) => undecided.forEach((each) => this.#takeFromAll(each)),
    };
  }

  #takeFromAll(order: P) {
    const { pool } = this.options;
    const learn = (left: readonly number[]) => (this.#open = shuffled(left));
    const all = { pool, target: this.target, stripes: this.#resources.length, learn };
    this.lanes.add(`${this.#name}:all`, order, () => ({
      resources: this.#resources,
      section: (leases) => ({ settle: (orders) => settleFromAllStripes({ ...all, leases }, orders) }),
    }));
  }
}

/** The stripes that have units, in random order, fuller ones rather first: processes should not all flock to the same. */
function shuffled(left: readonly number[]): number[] {
  const weights = left.map((units) => units * Math.random());
  return [...weights.keys()].filter((i) => left[i]! > 0).sort((a, b) => weights[b]! - weights[a]!);
}
