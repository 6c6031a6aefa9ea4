import { Worker, type Job, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { keys } from './keys.js';
import { backoffStrategy } from './backoff.js';
import { CHECKOUT_QUEUE, type CheckoutJob, type QueuedOrder } from './queue.js';

/**
 * Takes jobs from the queue and has their orders settled, side by side. A job ends when each of its orders has; until then it
 * is delivered again, with the orders that are left.
 */
export function checkoutWorker(
  connection: Redis,
  settle: (order: QueuedOrder) => Promise<unknown>,
  options: Pick<WorkerOptions, 'concurrency' | 'lockDuration' | 'stalledInterval'>,
): Worker<CheckoutJob> {
  const work = async (job: Job<CheckoutJob>) => {
    const settled = await Promise.allSettled((await unsettled(connection, job)).map(settle));
    const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed) throw failed.reason;
  };
  return new Worker(CHECKOUT_QUEUE, work, {
    ...options,
    connection,
    // However often its worker died, an accepted order goes back to the queue.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    settings: { backoffStrategy },
  });
}

/** The orders of a job that were accepted with it and are not settled; the job may carry others, which were refused. */
async function unsettled(redis: Redis, { id, data }: Job<CheckoutJob>): Promise<QueuedOrder[]> {
  const jobs = await redis.hmget(keys.queued, ...data.orders.map(({ orderId }) => orderId));
  return data.orders.filter((_, i) => jobs[i] === id);
}
