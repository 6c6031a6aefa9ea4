import { Queue, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { QueueWorker } from '../src/queue-worker.js';

const patient = { timeout: 10_000, interval: 10 };

let redis: Redis;
let queue: Queue;
let name: string;
const workers: QueueWorker<unknown>[] = [];
beforeEach(() => {
  redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null });
  name = randomUUID();
  queue = new Queue(name, { connection: redis });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  await queue.obliterate({ force: true });
  await queue.close();
  redis.disconnect();
});

/** Resolves once it waits for a job. */
async function waiting(work: (job: Job) => Promise<unknown>): Promise<QueueWorker<unknown>> {
  const blocked = async () => String(await redis.client('LIST')).split('cmd=bzpopmin').length - 1;
  const before = await blocked();
  const worker = new QueueWorker(name, work, { connection: redis });
  workers.push(worker);
  await expect.poll(blocked, patient).toBe(before + 1);
  return worker;
}

it('leaves to others what comes after it was paused, also while it waits for a job', async () => {
  const takenBy: string[] = [];
  const one = await waiting(async () => takenBy.push('one'));
  await waiting(async () => takenBy.push('other')); // of two that wait, Redis wakes the first
  await one.pause(true);
  await queue.add('job', {});
  await expect.poll(() => takenBy, patient).toEqual(['other']);
  await one.resume();
});
