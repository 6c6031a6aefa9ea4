import { ORDERS_PER_JOB, saleSkuOf, type OfSku } from './queue.js';

/** Orders of one SKU with which its lock is not idle: while a batch of them is committed, the next ones are there. */
export const ORDERS_IN_HAND_PER_SKU = 256;

/** Pause between two looks at which SKUs move, in milliseconds. */
export const LOOK_MS = 50;
/** A SKU that did not move for so many looks stands still. SKUs move by turns, so each one in hand adds to them, up to a bound. */
const STILL_AFTER_LOOKS = 6;
const LOOKS_PER_SKU = 1 / 2;
const MOST_LOOKS = 40;
/** A SKU with nothing in hand is forgotten after so many looks: its failed jobs are back by then. */
const FORGOTTEN_AFTER_LOOKS = 200;

/** What is in hand of one SKU. */
interface InHandOfSku {
  readonly sku: OfSku;
  orders: number;
  /** Whether one of its orders was settled since the last look. */
  moved: boolean;
  /** Looks since it last moved. */
  looks: number;
  /** Looks since nothing of it is in hand. */
  empty: number;
  still: boolean;
}

/**
 * How many jobs a worker has at a time. With many SKUs it takes more orders, until each hold of a lock has a full batch. With few SKUs it
 * takes fewer: a worker that dies delays what it had.
 */
export class InHand {
  #jobs = 0;
  /** Of the SKUs that move. */
  #orders = 0;
  #still = 0;
  readonly #skus = new Map<string, InHandOfSku>();

  /** @param most orders of SKUs that move, whatever they are of; a job at least is always in hand */
  constructor(
    private readonly most: number,
    private readonly ordersPerJob = ORDERS_PER_JOB,
  ) {}

  /** Jobs to have in hand: these, and others as far as there is room for their orders. */
  get concurrency(): number {
    const enough = Math.max(1, this.#skus.size - this.#still) * ORDERS_IN_HAND_PER_SKU;
    const room = Math.min(this.most, enough) - this.#orders;
    return Math.max(1, this.#jobs + Math.ceil(room / this.ordersPerJob));
  }

  /** Jobs that are in hand. */
  get jobs(): number {
    return this.#jobs;
  }

  /** SKUs that stand still. */
  get still(): number {
    return this.#still;
  }

  /** Orders to keep in hand of a SKU that stands still: all such SKUs share a quarter of the room, and each has one at least. */
  get share(): number {
    const share = Math.floor(this.most / 4 / Math.max(1, this.#still));
    return Math.min(ORDERS_IN_HAND_PER_SKU, Math.max(1, share));
  }

  /** A job is there, with these orders. Returns those that are in hand from now on; what stands still has its share already. */
  begin<O extends OfSku>(orders: readonly O[]): readonly O[] {
    this.#jobs++;
    return orders.filter((order) => this.#take(order));
  }

  settled(order: OfSku): void {
    const ofSku = this.#leave(order);
    this.#move(ofSku);
    if (ofSku.orders === 0) this.#skus.delete(saleSkuOf(order));
  }

  /** Something of this SKU was settled by another worker. */
  movedElsewhere(sku: OfSku): void {
    const ofSku = this.#skus.get(saleSkuOf(sku));
    if (ofSku) this.#move(ofSku);
  }

  /** An order left the hand without being settled: it has failed, or was settled before. */
  left(order: OfSku): void {
    const ofSku = this.#leave(order);
    if (ofSku.orders === 0 && !ofSku.still) this.#skus.delete(saleSkuOf(order));
  }

  /** A job is over: none of its orders is in hand. */
  end(): void {
    this.#jobs--;
  }

  /** To be called every {@link LOOK_MS} milliseconds. Returns the SKUs that stand still since now. */
  look(): readonly OfSku[] {
    const stopped: OfSku[] = [];
    const moving = this.#skus.size - this.#still;
    const enough = Math.min(STILL_AFTER_LOOKS + Math.floor(moving * LOOKS_PER_SKU), MOST_LOOKS);
    for (const [name, ofSku] of this.#skus) {
      ofSku.looks = ofSku.moved ? 0 : ofSku.looks + 1;
      ofSku.moved = false;
      if (!ofSku.still && ofSku.looks >= enough) {
        ofSku.still = true;
        this.#still++;
        this.#orders -= ofSku.orders;
        stopped.push(ofSku.sku);
      } else if (ofSku.orders === 0 && ++ofSku.empty >= FORGOTTEN_AFTER_LOOKS) {
        this.#still--;
        this.#skus.delete(name);
      }
    }
    return stopped;
  }

  /** The SKUs that stand still and have more than their share in hand. */
  tooMany(): readonly OfSku[] {
    const { share } = this;
    const over = [...this.#skus.values()].filter((ofSku) => ofSku.still && ofSku.orders > share);
    return over.map(({ sku }) => sku);
  }

  /** How long the SKU of this order has stood still, in milliseconds. */
  stillFor(order: OfSku): number {
    return (this.#skus.get(saleSkuOf(order))?.looks ?? 0) * LOOK_MS;
  }

  #move(ofSku: InHandOfSku) {
    ofSku.moved = true;
    if (!ofSku.still) return;
    ofSku.still = false;
    ofSku.looks = 0;
    this.#still--;
    this.#orders += ofSku.orders;
  }

  #take(order: OfSku): boolean {
    const name = saleSkuOf(order);
    let ofSku = this.#skus.get(name);
    if (!ofSku) {
      ofSku = { sku: order, orders: 0, moved: false, looks: 0, empty: 0, still: false };
      this.#skus.set(name, ofSku);
    }
    if (ofSku.still) {
      if (ofSku.orders >= this.share) return false;
    } else this.#orders++;
    ofSku.empty = 0;
    ofSku.orders++;
    return true;
  }

  #leave(order: OfSku): InHandOfSku {
    const ofSku = this.#skus.get(saleSkuOf(order))!;
    ofSku.orders--;
    if (!ofSku.still) this.#orders--;
    return ofSku;
  }
}
