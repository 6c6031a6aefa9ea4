import { DelayedError, type Job, type Worker, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { LOOK_MS, type InHand } from './in-hand.js';
import { keys } from './keys.js';
import { Parking, PARKED } from './parking.js';
import { QueueWorker } from './queue-worker.js';
import type { OfSku } from './queue.js';

/** What a worker is told to do, and tells, about SKUs that stand still. */
export interface StandstillOptions {
  /** Rejects, with this reason, what waits of the SKU behind the first `keep`. */
  readonly withdraw?: (sku: OfSku, keep: number, reason: Error) => void;
  /** For logs and metrics, often: SKUs of which nothing was settled for a while, and is parked from now on; how many such there are. */
  readonly onLook?: (stopped: readonly OfSku[], still: number) => void;
}

export interface SkuWorkerOptions
  extends StandstillOptions, Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'> {
  readonly inHand: InHand;
}

/** What the jobs of a queue carry. */
export interface Load<Data, Part extends OfSku> {
  readonly partsOf: (job: Job<Data>) => readonly Part[];
  /**
   * Called once for each job that has parts to work on; what it returns works on one of them, and resolves to whether there was
   * something to do.
   */
  readonly workOn: (
    job: Job<Data>,
    parts: readonly Part[],
  ) => (part: Part, index: number) => Promise<boolean>;
}

/**
 * Takes jobs from a queue and works on their parts side by side. A job is delivered again, with the parts that are left, until each has
 * ended. A part of a SKU that stands still does not wait here: its job is parked.
 */
export function skuWorker<Data, Part extends OfSku>(
  queue: string,
  connection: Redis,
  { partsOf, workOn }: Load<Data, Part>,
  { inHand, withdraw, onLook, ...options }: SkuWorkerOptions,
): Worker<Data> {
  const parking = new Parking(inHand);
  const work = async (job: Job<Data>, token?: string) => {
    const parts = partsOf(job);
    const taken = inHand.begin(parts);
    worker.concurrency = inHand.concurrency;
    const begun = taken.length > 0 ? workOn(job, taken) : undefined;
    const working = taken.map(async (part, i) => {
      let isSettled = false;
      try {
        isSettled = await begun!(part, i);
      } finally {
        if (isSettled) inHand.settled(part);
        else inHand.left(part);
      }
    });
    const worked = await Promise.allSettled(working);
    inHand.end();
    worker.concurrency = inHand.concurrency;
    const left = worked.filter((result) => result.status === 'rejected');
    const failed = left.find(({ reason }) => reason !== PARKED);
    if (failed) throw failed.reason;
    if (left.length === 0 && taken.length === parts.length) return;
    await job.moveToDelayed(parking.until(parts), token);
    throw new DelayedError();
  };
  const { concurrency } = inHand;
  const worker: Worker<Data> = new QueueWorker(queue, work, { ...options, concurrency, connection });
  const look = async () => {
    const stopped = await thoseNobodyMoves(connection, inHand);
    onLook?.(stopped, inHand.still);
    if (stopped.length === 0) return;
    for (const sku of inHand.tooMany()) withdraw?.(sku, inHand.share, PARKED);
    worker.concurrency = inHand.concurrency;
    await lookForJobs(worker);
  };
  // Only one that is being closed refuses to be told to go on.
  const looking = setInterval(() => void look().catch(() => undefined), LOOK_MS).unref();
  worker.once('closing', () => clearInterval(looking));
  return worker;
}

/** The SKUs that stand still since now. One that waits for a lock which others pass on does not. */
async function thoseNobodyMoves(redis: Redis, inHand: InHand): Promise<OfSku[]> {
  const stopped = inHand.look();
  const asked = stopped.map(({ saleId, sku }) => redis.exists(keys.moves(saleId, sku)).catch(() => 0));
  const moves = await Promise.all(asked);
  return stopped.filter((sku, i) => {
    if (moves[i] === 1) inHand.movedElsewhere(sku);
    return moves[i] === 0;
  });
}

/** BullMQ minds a larger concurrency when a job ends, or when it is told to go on. */
async function lookForJobs(worker: Pick<Worker, 'isPaused' | 'pause' | 'resume'>) {
  if (worker.isPaused()) return;
  await Promise.all([worker.pause(true), worker.resume()]);
}
