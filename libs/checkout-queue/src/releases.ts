import { Queue, type Worker, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { NEVER_GIVEN_UP } from './backoff.js';
import { InHand } from './in-hand.js';
import type { OfSku } from './queue.js';
import { skuWorker, type StandstillOptions } from './sku-worker.js';

/** Apart from the checkouts: what comes back must not queue behind those who wait for it. */
const RELEASE_QUEUE = 'releases';

/** A job's payload: orders to be given back if they are due by then. All are of one SKU; jobs of earlier versions name none. */
export interface ReleaseJob extends Partial<OfSku> {
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

  /** Has a worker look at these orders, of this SKU, `delayMs` milliseconds from now. */
  async remind(orderIds: readonly string[], delayMs = 0, ofSku: Partial<OfSku> = {}): Promise<void> {
    const { saleId, sku } = ofSku;
    await this.queue.add('release', { saleId, sku, orderIds }, { delay: delayMs });
  }
}

export interface ReleaseWorkerOptions
  extends StandstillOptions, Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  /** Jobs in hand at most. */
  readonly concurrency: number;
}

/** Has the orders of the reminders given back, see {@link skuWorker}. `release` resolves to whether one of them was due. */
export function releaseWorker(
  connection: Redis,
  release: (orderIds: readonly string[]) => Promise<boolean>,
  { concurrency, ...options }: ReleaseWorkerOptions,
): Worker<ReleaseJob> {
  return skuWorker<ReleaseJob, OfSku>(
    RELEASE_QUEUE,
    connection,
    {
      partsOf: ({ data: { saleId = '', sku = '' } }) => [{ saleId, sku }],
      workOn:
        ({ data }) =>
        () =>
          release(data.orderIds),
    },
    { ...options, inHand: new InHand(concurrency, 1) },
  );
}
