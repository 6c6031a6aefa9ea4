import type { PerShard, Shards } from '@app/servers';
import type { Queue, Worker, WorkerOptions } from 'bullmq';
import { InHand } from './in-hand.js';
import { queueIn, type OfSku } from './queue.js';
import { skuWorkers, type StandstillOptions } from './sku-worker.js';

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
  readonly queues: PerShard<Queue<RestockJob>>;

  constructor(shards: Shards) {
    this.queues = shards.map((shard) => queueIn<RestockJob>(shard, RESTOCK_QUEUE));
  }

  /** Has a worker look at these orders, of this SKU, `delayMs` milliseconds from now. */
  async remind(orderIds: readonly string[], delayMs: number, { saleId, sku }: OfSku): Promise<void> {
    await this.queues.of(saleId).add(RESTOCK_JOB, { saleId, sku, orderIds }, { delay: delayMs });
  }

  /** Has a worker carry out an adjustment of this SKU's stock. */
  async adjust(adjustmentId: string, { saleId, sku }: OfSku): Promise<void> {
    await this.queues.of(saleId).add(RESTOCK_JOB, { saleId, sku, orderIds: [], adjustmentId });
  }
}

export interface RestockWorkerOptions
  extends StandstillOptions, Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  /** Jobs in hand at most. */
  readonly concurrency: number;
}

/** Has the jobs done, see {@link skuWorkers}. `restock` resolves to whether there was something to do. */
export function restockWorkers(
  shards: Shards,
  restock: (job: RestockJob) => Promise<boolean>,
  { concurrency, ...options }: RestockWorkerOptions,
): readonly Worker<RestockJob>[] {
  return skuWorkers<RestockJob, OfSku>(
    RESTOCK_QUEUE,
    shards,
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
