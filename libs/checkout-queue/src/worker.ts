import type { Worker, WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { InHand } from './in-hand.js';
import { keys } from './keys.js';
import { carrierOf, CHECKOUT_QUEUE, type CheckoutJob, type QueuedOrder } from './queue.js';
import { skuWorker, type StandstillOptions } from './sku-worker.js';

export interface CheckoutWorkerOptions
  extends StandstillOptions, Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  /** Orders in hand at most. */
  readonly maxOrders: number;
}

/** Takes jobs from the queue and has their orders settled, see {@link skuWorker}. */
export function checkoutWorker(
  connection: Redis,
  settle: (order: QueuedOrder) => Promise<unknown>,
  { maxOrders, ...options }: CheckoutWorkerOptions,
): Worker<CheckoutJob> {
  return skuWorker<CheckoutJob, QueuedOrder>(
    CHECKOUT_QUEUE,
    connection,
    {
      partsOf: ({ data: { orders } }) => orders,
      workOn: ({ id }, orders) => {
        const carriers = carriersOf(connection, orders);
        return async (order, i) => {
          const isCarried = (await carriers)[i] === carrierOf(id!, order);
          if (isCarried) await settle(order);
          return isCarried;
        };
      },
    },
    { ...options, inHand: new InHand(maxOrders) },
  );
}

/** What carries each of these orders; nothing if the order is settled. */
function carriersOf(redis: Redis, orders: readonly QueuedOrder[]): Promise<(string | null)[]> {
  return redis.hmget(keys.queued, ...orders.map(({ orderId }) => orderId));
}
