import type { Lease } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Pool } from 'pg';
import { ReleaseSection } from './release-section.js';
import { CriticalSection, type SectionResult, type SectionTarget } from './critical-section.js';
import { resourceOf, resourcesOf } from './resource.js';
import { SoldOutSection } from './sold-out-section.js';
import type { FencedStatements } from './stock-statements.js';
import { WholeSection } from './whole-section.js';

/** What a lane does for the orders that wait in it. */
export interface LaneWork<W> {
  /** What is locked, in this order. */
  readonly resources: readonly string[];
  readonly section: (leases: readonly Lease[]) => {
    settle(orders: readonly OrderRequest[]): Promise<SectionResult>;
  };
  /** Takes on the orders that the section left undecided; absent where it leaves none. */
  readonly handOn?: (undecided: readonly W[]) => void;
  /** The section that gives units back; absent where none ever come back. */
  readonly releases?: (leases: readonly Lease[]) => ReleaseSection;
}

/** The lanes of this process, by name. A lane is there while orders are in it. */
export interface Lanes<W> {
  waiting(name: string): number;
  enter(name: string, waiting: W, work: () => LaneWork<W>): void;
  /** The same for a reservation that is to end. */
  giveBack(name: string, returning: Returning, work: () => LaneWork<W>): void;
}

/** A reservation that is to end. */
export interface Returning {
  readonly orderId: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The way of an order through the stripes of its SKU, in one process: to a stripe that is believed to have stock; when that
 * is empty, to the next; when all are, to the section that says sold out. An order for which a stripe has too few units, and
 * one that finds all of them empty by mistake, ends in the section over all stripes. A wrong belief costs time, nothing else.
 */
export class StripedLanes<W> {
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
      readonly shared: FencedStatements;
    },
    private readonly lanes: Lanes<W>,
  ) {
    this.#name = resourceOf(target);
    this.#resources = resourcesOf(target, stripes);
    this.#open = shuffled(this.#resources.map(() => 1));
  }

  place(waiting: W): void {
    const stripe = this.#choose();
    if (stripe === undefined) this.lanes.enter(`${this.#name}:sold-out`, waiting, () => this.#soldOut());
    else this.lanes.enter(this.#resources[stripe]!, waiting, () => this.#one(stripe));
  }

  /** To any stripe: the units of an order need not go where they came from. What comes back together stays together. */
  giveBack(returning: Returning): void {
    const stripe = this.#open[0] ?? Math.floor(Math.random() * this.#resources.length);
    if (this.#open.length === 0) this.#open = [stripe]; // soon it will have some
    this.lanes.giveBack(this.#resources[stripe]!, returning, () => this.#one(stripe));
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

  #one(stripe: number): LaneWork<W> {
    return {
      resources: [this.#resources[stripe]!],
      releases: ([lease]) => new ReleaseSection(this.options.pool, { ...this.target, stripe }, lease),
      section: ([lease]) => {
        const { pool, shared } = this.options;
        const section = new CriticalSection(pool, { ...this.target, stripe }, lease, shared);
        return {
          settle: async (orders) => {
            const { outcomes, available } = await section.settle(orders);
            if (available === 0) this.#open = this.#open.filter((open) => open !== stripe);
            return { outcomes }; // what is left of a stripe is not what is left of the SKU
          },
        };
      },
      handOn: (undecided) => {
        const tooFew = this.#open.includes(stripe);
        undecided.forEach((each) => (tooFew ? this.#enterWhole(each) : this.place(each)));
      },
    };
  }

  #soldOut(): LaneWork<W> {
    return {
      resources: [],
      section: () => new SoldOutSection(this.options.pool, this.target),
      handOn: (undecided) => undecided.forEach((each) => this.#enterWhole(each)),
    };
  }

  #enterWhole(waiting: W) {
    const learn = (left: readonly number[]) => (this.#open = shuffled(left));
    this.lanes.enter(`${this.#name}:whole`, waiting, () => ({
      resources: this.#resources,
      section: (leases) =>
        new WholeSection(this.options.pool, this.target, this.#resources.length, leases, learn),
    }));
  }
}

/** The stripes that have units, in random order, fuller ones rather first: processes should not all flock to the same. */
function shuffled(left: readonly number[]): number[] {
  const weights = left.map((units) => units * Math.random());
  return [...weights.keys()].filter((i) => left[i]! > 0).sort((a, b) => weights[b]! - weights[a]!);
}
