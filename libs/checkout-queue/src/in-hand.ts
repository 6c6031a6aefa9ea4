import { ORDERS_PER_JOB, saleSkuOf, type QueuedOrder } from './queue.js';

/** Orders of one SKU with which its lock is not idle: while a batch of them is committed, the next ones are there. */
export const ORDERS_IN_HAND_PER_SKU = 256;

/**
 * How many jobs a worker has at a time. A hold of a lock costs much the same however many orders it serves: with many SKUs it
 * takes more orders in hand until each hold has a full batch. With few, more would only be lost for longer if the worker died.
 */
export class InHand {
  #jobs = 0;
  #orders = 0;
  readonly #ordersPerSku = new Map<string, number>();

  /** @param most orders, whatever they are of; a job at least is always in hand */
  constructor(private readonly most: number) {}

  /** Jobs to have in hand: these, and others as far as there is room for their orders. */
  get concurrency(): number {
    const enough = Math.max(1, this.#ordersPerSku.size) * ORDERS_IN_HAND_PER_SKU;
    const room = Math.min(this.most, enough) - this.#orders;
    return Math.max(1, this.#jobs + Math.ceil(room / ORDERS_PER_JOB));
  }

  /** A job is there, with these orders. */
  begin(orders: readonly QueuedOrder[]): void {
    this.#jobs++;
    for (const order of orders) this.#count(order, 1);
  }

  settled(order: QueuedOrder): void {
    this.#count(order, -1);
  }

  /** A job is over, since all of its orders are settled. */
  end(): void {
    this.#jobs--;
  }

  #count(order: QueuedOrder, change: 1 | -1) {
    this.#orders += change;
    const sku = saleSkuOf(order);
    const orders = (this.#ordersPerSku.get(sku) ?? 0) + change;
    if (orders > 0) this.#ordersPerSku.set(sku, orders);
    else this.#ordersPerSku.delete(sku);
  }
}
