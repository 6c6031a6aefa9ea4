import { LONGEST_BLOCK_SECONDS } from '@app/servers';
import { Worker, type Processor, type WorkerOptions } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffStrategy } from './backoff.js';

/** In milliseconds: pause before Redis is asked again for a job when it has refused to give one. */
const REFUSED_MS = 1_000;

/** A worker that gives no job up, and copes with a Redis that does not answer or refuses. */
export class QueueWorker<T> extends Worker<T> {
  constructor(name: string, work: Processor<T>, options: WorkerOptions) {
    super(name, work, {
      ...options,
      drainDelay: 1, // seconds: the one that was woken for a parked job may have its hands full
      runRetryDelay: REFUSED_MS,
      // However often its worker died, an accepted order goes back to the queue.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      settings: { backoffStrategy },
    });
  }

  /** Nor is a wait for a delayed job longer: a connection that is silent for longer is given up. */
  override get maximumBlockTimeout(): number {
    return LONGEST_BLOCK_SECONDS;
  }

  /** After a refusal, BullMQ asks again at once, and would do little else. One that was paused while it waited takes no job either. */
  protected override async moveToActive(token: string, name?: string): ReturnType<Worker<T>['moveToActive']> {
    if (this.isPaused()) return this.nextJobFromJobData(); // none
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await sleep(REFUSED_MS);
      throw error;
    }
  }
}
