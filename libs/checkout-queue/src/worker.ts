import type { Shard, Shards } from '@app/servers';
import type { Worker, WorkerOptions } from 'bullmq';
import { InHand } from './in-hand.js';
import { keysOf } from './keys.js';
import { carrierOf, CHECKOUT_QUEUE, type CheckoutJob, type QueuedOrder } from './queue.js';
import { skuWorkers, type StandstillOptions } from './sku-worker.js';

export interface CheckoutWorkerOptions
  extends StandstillOptions, Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  /** Orders in hand at most. */
  readonly maxOrders: number;
}

/** Takes jobs from the queues and has their orders settled, see {@link skuWorkers}. */
export function checkoutWorkers(
  shards: Shards,
  settle: (order: QueuedOrder) => Promise<unknown>,
  { maxOrders, ...options }: CheckoutWorkerOptions,
): readonly Worker<CheckoutJob>[] {
  return skuWorkers<CheckoutJob, QueuedOrder>(
    CHECKOUT_QUEUE,
    shards,
    {
      partsOf: ({ data: { orders } }) => orders,
      workOn: ({ id }, orders, shard) => {
        const carriers = carriersOf(shard, orders);
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
function carriersOf({ redis, prefix }: Shard, orders: readonly QueuedOrder[]): Promise<(string | null)[]> {
  return redis.hmget(keysOf(prefix).queued, ...orders.map(({ orderId }) => orderId));
}
