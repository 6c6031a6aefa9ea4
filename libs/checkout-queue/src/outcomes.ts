import type { Outcome } from '@app/orders';
import type { Redis } from 'ioredis';
import { keys } from './keys.js';
import type { QueuedOrder } from './queue.js';

/**
 * How long a SKU counts as sold out after a worker last found it so, in seconds. The mark only spares the queue; should it
 * ever be wrong, it is so for no longer than this.
 */
const SOLD_OUT_SECONDS = 5;

export interface SettledOrder {
  readonly order: QueuedOrder;
  readonly outcome: Outcome;
}

/** A worker's side: tells what a committed batch came to. All orders of a batch are of one SKU. One round trip. */
export async function announce(
  redis: Redis,
  settled: readonly SettledOrder[],
  soldOut: boolean,
): Promise<void> {
  const { saleId, sku } = settled[0]!.order;
  const orderIds = settled.map(({ order }) => order.orderId);
  const pipeline = redis.pipeline();
  pipeline.srem(keys.pending(saleId, sku), ...orderIds);
  if (soldOut) pipeline.set(keys.soldOut(saleId, sku), '1', 'EX', SOLD_OUT_SECONDS);
  for (const [replica, outcomes] of byReplica(settled)) {
    pipeline.publish(keys.outcomes(replica), JSON.stringify(outcomes));
  }
  // Last, since an order that is no longer queued is not delivered again.
  pipeline.hdel(keys.queued, ...orderIds);
  const results = await pipeline.exec();
  const failed = results?.find(([error]) => error);
  if (failed) throw failed[0]!;
}

function byReplica(settled: readonly SettledOrder[]): Map<string, [orderId: string, Outcome][]> {
  const replies = new Map<string, [string, Outcome][]>();
  for (const { order, outcome } of settled) {
    if (order.replyTo === undefined) continue;
    const list = replies.get(order.replyTo) ?? [];
    replies.set(order.replyTo, list);
    list.push([order.orderId, outcome]);
  }
  return replies;
}

/** The API's side: hears the outcomes that its own clients wait for. Messages can get lost; the order in Postgres cannot. */
export class OutcomeListener {
  readonly #waiting = new Map<string, Set<(outcome: Outcome) => void>>();

  constructor(
    private readonly subscriber: Redis,
    readonly replica: string,
  ) {
    subscriber.on('message', (_, message: string) => {
      for (const [orderId, outcome] of JSON.parse(message) as [string, Outcome][]) {
        this.#waiting.get(orderId)?.forEach((tell) => tell(outcome));
      }
    });
  }

  async listen(): Promise<void> {
    await this.subscriber.subscribe(keys.outcomes(this.replica));
  }

  /** Calls `tell` with the outcome of the order when it is heard. Returns the function that stops listening. */
  on(orderId: string, tell: (outcome: Outcome) => void): () => void {
    const listeners = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, listeners.add(tell));
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0) this.#waiting.delete(orderId);
    };
  }
}
