import { Queue, Worker, type Job, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { backoffStrategy, NEVER_GIVEN_UP } from './backoff.js';

/** Apart from the checkouts: what comes back must not queue behind those who wait for it. */
const RELEASE_QUEUE = 'releases';

/** A job's payload: orders to be given back if they are due by then. */
export interface ReleaseJob {
  readonly orderIds: readonly string[];
}

/**
 * Reminders of reservations that end. Losing them is harmless: Postgres knows what is due, and workers look there now and then.
 */
export class Releases {
  readonly queue: Queue<ReleaseJob>;

  constructor(connection: Redis) {
    this.queue = new Queue(RELEASE_QUEUE, {
      connection,
      defaultJobOptions: NEVER_GIVEN_UP,
      skipWaitingForReady: true,
      streams: { events: { maxLen: 1_000 } },
    });
    this.queue.on('error', () => undefined); // whoever uses the connection sees its outages
  }

  /** Has a worker look at these orders `delayMs` milliseconds from now. */
  async remind(orderIds: readonly string[], delayMs = 0): Promise<void> {
    await this.queue.add('release', { orderIds }, { delay: delayMs });
  }
}

/** Has the orders of the reminders given back. A job ends when that is done; until then it is delivered again. */
export function releaseWorker(
  connection: Redis,
  release: (orderIds: readonly string[]) => Promise<void>,
  options: Pick<WorkerOptions, 'concurrency' | 'lockDuration' | 'stalledInterval'>,
): Worker<ReleaseJob> {
  return new Worker(RELEASE_QUEUE, ({ data }: Job<ReleaseJob>) => release(data.orderIds), {
    ...options,
    connection,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    settings: { backoffStrategy },
  });
}
