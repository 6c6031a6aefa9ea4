import { Queue, type Worker, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { NEVER_GIVEN_UP } from './backoff.js';
import { InHand } from './in-hand.js';
import type { OfSku } from './queue.js';
import { skuWorker, type StandstillOptions } from './sku-worker.js';

/** Apart from the checkouts: units that come back must not queue behind the orders that wait for them. Its name in Redis is older. */
const RESTOCK_QUEUE = 'releases';
const RESTOCK_JOB = 'release';

/** A job's payload: orders to be restocked if they are due by then. All are of one SKU; jobs of earlier versions name none. */
export interface RestockJob extends Partial<OfSku> {
  readonly orderIds: readonly string[];
  /** An admin's adjustment of the stock, which also changes it under the lock of the SKU. */
  readonly adjustmentId?: string;
}

/**
 * Reminders of reservations that end. Losing them is harmless: Postgres knows what is due, and workers look there now and then.
 */
export class RestockReminders {
  readonly queue: Queue<RestockJob>;

  constructor(connection: Redis) {
    this.queue = new Queue(RESTOCK_QUEUE, {
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
    await this.queue.add(RESTOCK_JOB, { saleId, sku, orderIds }, { delay: delayMs });
  }

  /** Has a worker carry out an adjustment of this SKU's stock. */
  async adjust(adjustmentId: string, { saleId, sku }: OfSku): Promise<void> {
    await this.queue.add(RESTOCK_JOB, { saleId, sku, orderIds: [], adjustmentId });
  }
}

export interface RestockWorkerOptions
  extends StandstillOptions, Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  /** Jobs in hand at most. */
  readonly concurrency: number;
}

/** Has the jobs done, see {@link skuWorker}. `restock` resolves to whether there was something to do. */
export function restockWorker(
  connection: Redis,
  restock: (job: RestockJob) => Promise<boolean>,
  { concurrency, ...options }: RestockWorkerOptions,
): Worker<RestockJob> {
  return skuWorker<RestockJob, OfSku>(
    RESTOCK_QUEUE,
    connection,
    {
      partsOf: ({ data: { saleId = '', sku = '' } }) => [{ saleId, sku }],
      workOn:
        ({ data }) =>
        () =>
          restock(data),
    },
    { ...options, inHand: new InHand(concurrency, 1) },
  );
}
