import type { OrderState, OrderStatus, Outcome } from '@app/orders';
import type { ChainableCommander, Redis } from 'ioredis';
import { keys } from './keys.js';
import type { QueuedOrder } from './queue.js';

/**
 * How long a SKU counts as sold out after a worker last found it so, in seconds. The mark only spares the queue; should it
 * ever be wrong, it is so for no longer than this.
 */
const SOLD_OUT_SECONDS = 5;
/**
 * For so long after units came back nobody may mark the SKU as sold out, in milliseconds: a worker that saw it so just before
 * would tell it just after.
 */
const REOPENED_MS = 1_000;

/** A reservation that ended, or that is paid. */
export interface OrderEnding {
  readonly orderId: string;
  readonly status: OrderStatus;
}

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
  if (soldOut) pipeline.set(keys.soldOut(saleId, sku), '1', 'EX', SOLD_OUT_SECONDS, 'NX');
  for (const [replica, outcomes] of byReplica(settled)) {
    pipeline.publish(keys.outcomes(replica), JSON.stringify(outcomes));
  }
  // Last, since an order that is no longer queued is not delivered again.
  pipeline.hdel(keys.queued, ...orderIds);
  await run(pipeline);
}

/** A worker's side as well: units of a SKU came back, so it is not sold out any more; and what became of their orders. */
export async function announceReturn(
  redis: Redis,
  { saleId, sku }: { readonly saleId: string; readonly sku: string },
  orders: readonly OrderEnding[],
): Promise<void> {
  const reopened = redis.pipeline().set(keys.soldOut(saleId, sku), 'open', 'PX', REOPENED_MS);
  await run(reopened.publish(keys.endings, endings(orders)));
}

/** Tells what became of reservations that took or gave back no stock. */
export async function announceEnding(redis: Redis, orders: readonly OrderEnding[]): Promise<void> {
  await redis.publish(keys.endings, endings(orders));
}

const endings = (orders: readonly OrderEnding[]) =>
  JSON.stringify(orders.map(({ orderId, status }) => [orderId, { status }]));

async function run(pipeline: ChainableCommander): Promise<void> {
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

/** The API's side: hears what its own clients wait for. Messages can get lost; the order in Postgres cannot. */
export class OutcomeListener {
  readonly #waiting = new Map<string, Set<(state: OrderState) => void>>();

  constructor(
    private readonly subscriber: Redis,
    readonly replica: string,
  ) {
    subscriber.on('message', (_, message: string) => {
      for (const [orderId, state] of JSON.parse(message) as [string, OrderState][]) {
        this.#waiting.get(orderId)?.forEach((tell) => tell(state));
      }
    });
  }

  async listen(): Promise<void> {
    await this.subscriber.subscribe(keys.outcomes(this.replica), keys.endings);
  }

  /** Calls `tell` with whatever is heard of the order. Returns the function that stops listening. */
  on(orderId: string, tell: (state: OrderState) => void): () => void {
    const listeners = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, listeners.add(tell));
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0) this.#waiting.delete(orderId);
    };
  }
}
