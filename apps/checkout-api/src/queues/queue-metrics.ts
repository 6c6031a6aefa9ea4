import { Admissions, RestockReminders } from '@app/checkout-queue';
import type { PerShard } from '@app/servers';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Gauge } from 'prom-client';

/** The depth of the queues, read on request. While Redis is down it is unknown; the other metrics are still served. */
@Injectable()
export class QueueMetrics {
  readonly jobs: Gauge;
  readonly orders: Gauge;
  readonly reminders: Gauge;

  constructor(admissions: Admissions, reminders: RestockReminders) {
    this.jobs = jobsIn(admissions.queues, {
      name: 'queue_jobs',
      help: 'Jobs in the queue, by state; each carries a few checkouts',
    });
    this.reminders = jobsIn(reminders.queues, {
      name: 'release_jobs',
      help: 'Reminders of reservations that end, by state; until its time comes, one is delayed',
    });
    this.orders = new Gauge({
      name: 'queue_orders',
      help: 'Orders accepted and not settled; new ones are refused at QUEUE_MAX_BACKLOG',
      async collect() {
        this.set(await admissions.backlog().catch(() => Number.NaN));
      },
    });
  }
}

const STATES = ['waiting', 'active', 'delayed'] as const;

const jobsIn = (queues: PerShard<Queue>, { name, help }: { name: string; help: string }) =>
  new Gauge({
    name,
    help,
    labelNames: ['state'],
    async collect() {
      const counts = await Promise.all(queues.all.map((queue) => queue.getJobCounts(...STATES))).catch(
        () => [],
      );
      this.reset();
      for (const each of counts) for (const [state, jobs] of Object.entries(each)) this.inc({ state }, jobs);
    },
  });
