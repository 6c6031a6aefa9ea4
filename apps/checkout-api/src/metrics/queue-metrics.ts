import { Admissions } from '@app/checkout-queue';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';

/** The depth of the checkout queue, read when it is asked for. While Redis is down it is unknown, and the other metrics must still be told. */
@Injectable()
export class QueueMetrics {
  readonly jobs: Gauge;
  readonly orders: Gauge;

  constructor(admissions: Admissions) {
    this.jobs = new Gauge({
      name: 'queue_jobs',
      help: 'Jobs in the queue, by state; each carries a few checkouts',
      labelNames: ['state'],
      async collect() {
        const counts = await admissions.queue.getJobCounts('waiting', 'active', 'delayed').catch(() => ({}));
        this.reset();
        for (const [state, jobs] of Object.entries(counts)) this.set({ state }, jobs);
      },
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
