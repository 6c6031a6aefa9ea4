import { Worker, type Job, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { backoffStrategy } from './backoff.js';
import { InHand } from './in-hand.js';
import { keys } from './keys.js';
import { carrierOf, CHECKOUT_QUEUE, type CheckoutJob, type QueuedOrder } from './queue.js';

export interface CheckoutWorkerOptions extends Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  /** Orders in hand at most. */
  readonly maxOrders: number;
}

/**
 * Takes jobs from the queue and has their orders settled, side by side. A job ends when each of its orders has; until then it
 * is delivered again, with the orders that are left.
 */
export function checkoutWorker(
  connection: Redis,
  settle: (order: QueuedOrder) => Promise<unknown>,
  { maxOrders, ...options }: CheckoutWorkerOptions,
): Worker<CheckoutJob> {
  const inHand = new InHand(maxOrders);
  const work = async ({ id, data: { orders } }: Job<CheckoutJob>) => {
    inHand.begin(orders);
    worker.concurrency = inHand.concurrency;
    const carriers = carriersOf(connection, orders);
    const settling = orders.map(async (order, i) => {
      try {
        if ((await carriers)[i] === carrierOf(id!, order)) await settle(order);
      } finally {
        inHand.settled(order);
      }
    });
    const settled = await Promise.allSettled(settling);
    inHand.end();
    worker.concurrency = inHand.concurrency;
    const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed) throw failed.reason;
  };
  const worker: Worker<CheckoutJob> = new Worker(CHECKOUT_QUEUE, work, {
    ...options,
    concurrency: inHand.concurrency,
    connection,
    // However often its worker died, an accepted order goes back to the queue.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    settings: { backoffStrategy },
  });
  return worker;
}

/** What carries each of these orders; nothing if the order is settled. */
function carriersOf(redis: Redis, orders: readonly QueuedOrder[]): Promise<(string | null)[]> {
  return redis.hmget(keys.queued, ...orders.map(({ orderId }) => orderId));
}
