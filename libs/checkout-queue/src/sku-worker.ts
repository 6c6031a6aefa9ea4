import type { Shard, Shards } from '@app/servers';
import { DelayedError, type Job, type Worker, type WorkerOptions } from 'bullmq';
import { LOOK_MS, type InHand } from './in-hand.js';
import { keysOf } from './keys.js';
import { Parking, PARKED } from './parking.js';
import { QueueWorker } from './queue-worker.js';
import { bullPrefix, type OfSku } from './queue.js';

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
    shard: Shard,
  ) => (part: Part, index: number) => Promise<boolean>;
}

/** The worker at the queue of one shard, and how many of its jobs are in hand. */
interface Hand<Data> {
  readonly worker: Worker<Data>;
  jobs: number;
}

/**
 * Takes jobs from the queues of this name and works on their parts side by side. A job is delivered again, with the parts that are left,
 * until each has ended. A part of a SKU that stands still does not wait here: its job is parked. What is in hand is bounded over all
 * shards; each has a job in hand at least, so that none waits for another.
 */
export function skuWorkers<Data, Part extends OfSku>(
  queue: string,
  shards: Shards,
  { partsOf, workOn }: Load<Data, Part>,
  { inHand, withdraw, onLook, ...options }: SkuWorkerOptions,
): readonly Worker<Data>[] {
  const parking = new Parking(inHand);
  const work = async (shard: Shard, hand: Hand<Data>, job: Job<Data>, token?: string) => {
    const parts = partsOf(job);
    const taken = inHand.begin(parts);
    hand.jobs++;
    makeRoom();
    const begun = taken.length > 0 ? workOn(job, taken, shard) : undefined;
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
    hand.jobs--;
    makeRoom();
    const left = worked.filter((result) => result.status === 'rejected');
    const failed = left.find(({ reason }) => reason !== PARKED);
    if (failed) throw failed.reason;
    if (left.length === 0 && taken.length === parts.length) return;
    await job.moveToDelayed(parking.until(parts), token);
    throw new DelayedError();
  };
  const hands = shards.all.map((shard) => {
    const hand: Hand<Data> = {
      worker: new QueueWorker<Data>(queue, (job, token) => work(shard, hand, job, token), {
        ...options,
        concurrency: inHand.concurrency,
        connection: shard.redis,
        prefix: bullPrefix(shard.prefix),
      }),
      jobs: 0,
    };
    return hand;
  });
  const workers = hands.map(({ worker }) => worker);
  const makeRoom = () => {
    for (const { worker, jobs } of hands)
      worker.concurrency = Math.max(1, inHand.concurrency - inHand.jobs + jobs);
  };
  const look = async () => {
    const stopped = await thoseNobodyMoves(shards, inHand);
    onLook?.(stopped, inHand.still);
    if (stopped.length === 0) return;
    for (const sku of inHand.tooMany()) withdraw?.(sku, inHand.share, PARKED);
    makeRoom();
    await Promise.all(workers.map(lookForJobs));
  };
  // Only one that is being closed refuses to be told to go on.
  const looking = setInterval(() => void look().catch(() => undefined), LOOK_MS).unref();
  for (const worker of workers) worker.once('closing', () => clearInterval(looking));
  return workers;
}

/** The SKUs that stand still since now. One that waits for a lock which others pass on does not. */
async function thoseNobodyMoves(shards: Shards, inHand: InHand): Promise<OfSku[]> {
  const stopped = inHand.look();
  const asked = stopped.map(({ saleId, sku }) => {
    const { redis, prefix } = shards.of(saleId);
    return redis.exists(keysOf(prefix).moves(saleId, sku)).catch(() => 0);
  });
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
