import { Admissions } from '@app/checkout-queue';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';

/** The depth of the checkout queue, read when it is asked for. */
@Injectable()
export class QueueMetrics {
  readonly jobs: Gauge;

  constructor({ queue }: Admissions) {
    this.jobs = new Gauge({
      name: 'queue_jobs',
      help: 'Checkouts in the queue, by state',
      labelNames: ['state'],
      async collect() {
        // While Redis is down the depth is unknown, and the other metrics must still be told.
        const counts = await queue.getJobCounts('waiting', 'active', 'delayed').catch(() => ({}));
        this.reset();
        for (const [state, jobs] of Object.entries(counts)) this.set({ state }, jobs);
      },
    });
  }
}
