import { fingerprintOf, type OrderRequest } from '@app/orders';
import type { Shard } from '@app/servers';
import { Queue } from 'bullmq';
import { NEVER_GIVEN_UP } from './backoff.js';

export const CHECKOUT_QUEUE = 'checkouts';

export interface QueuedOrder extends OrderRequest {
  /** The API replica whose client waits for the outcome, if one does. */
  readonly replyTo?: string;
  /** How its units are counted in Redis, where the strategy of its sale says so. */
  readonly counter?: 'one-step' | 'two-steps';
  /** W3C trace context of the span that enqueued it; only where traces are recorded. */
  readonly traceparent?: string;
}

/** What belongs to a SKU of a sale. */
export type OfSku = Pick<OrderRequest, 'saleId' | 'sku'>;

/** What orders are grouped and counted by: a SKU of one sale is not that of another. */
export const saleSkuOf = ({ saleId, sku }: OfSku) => `${saleId}:${sku}`;

/**
 * What {@link keys.queued} says of an accepted order: the job that carries it, and what it is. Only this is ever executed; a job
 * may also carry what was refused in the end, such as another body under the same key.
 */
export const carrierOf = (jobId: string, order: QueuedOrder) => `${jobId} ${fingerprintOf(order)}`;

/** A job's payload: the orders that one API replica had in hand at the same time. */
export interface CheckoutJob {
  readonly orders: readonly QueuedOrder[];
}

/** A job costs API, Redis and worker about the same whatever it carries: as many as one transaction commits, unless configured otherwise. */
export const ORDERS_PER_JOB = 64;

/** BullMQ's names in a shard. */
export const bullPrefix = (prefix: string) => `${prefix}bull`;

export function queueIn<Data>({ redis, prefix }: Shard, name: string): Queue<Data> {
  const queue = new Queue<Data>(name, {
    connection: redis,
    prefix: bullPrefix(prefix),
    defaultJobOptions: NEVER_GIVEN_UP,
    skipWaitingForReady: true, // a checkout that cannot be queued now is refused now
    streams: { events: { maxLen: 1_000 } },
  });
  return queue.on('error', () => undefined); // the connection logs its own outages
}
