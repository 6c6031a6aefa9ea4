import type { OrderRequest } from '@app/orders';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';

export const CHECKOUT_QUEUE = 'checkouts';

/** A job's payload; its id is the order's id, so that adding it twice while it is queued adds it once. */
export interface CheckoutJob extends Omit<OrderRequest, 'orderId'> {
  /** The API replica whose client waits for the outcome, if one does. */
  readonly replyTo?: string;
}

const JOB_OPTIONS: JobsOptions = {
  // An accepted order is never given up: it is tried again until it is settled.
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  stackTraceLimit: 1,
};

/** First pause before a failed settlement is tried again, and the longest, in milliseconds. */
const BACKOFF = { first: 100, longest: 5_000 };

/** For the workers' `settings.backoffStrategy`: doubling pauses with jitter. */
export function checkoutBackoff(attemptsMade: number): number {
  const pause = Math.min(BACKOFF.first * 2 ** Math.min(attemptsMade - 1, 10), BACKOFF.longest);
  return Math.round(pause * (0.5 + Math.random() / 2));
}

export function checkoutQueue(connection: Redis): Queue<CheckoutJob> {
  return new Queue(CHECKOUT_QUEUE, {
    connection,
    defaultJobOptions: JOB_OPTIONS,
    skipWaitingForReady: true, // a checkout that cannot be queued now is refused now
    streams: { events: { maxLen: 1_000 } },
  });
}
