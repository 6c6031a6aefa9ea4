import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { ProblemError } from '../http/problems/problem.js';

const OUTCOMES = ['accepted', 'replayed', 'sold_out', 'queue_full', 'refused', 'failed'] as const;
type CheckoutOutcome = (typeof OUTCOMES)[number];

@Injectable()
export class CheckoutMetrics {
  readonly #checkouts = new Counter({
    name: 'checkouts_total',
    help: 'Checkouts, by what the API made of them',
    labelNames: ['outcome'],
  });

  constructor() {
    // A counter that begins with 1 has not increased for Prometheus.
    for (const outcome of OUTCOMES) this.#checkouts.inc({ outcome }, 0);
  }

  count(outcome: CheckoutOutcome): void {
    this.#checkouts.inc({ outcome });
  }

  countError(error: unknown): void {
    const { code, status } = error instanceof ProblemError ? error : { code: 'INTERNAL', status: 500 };
    if (code === 'SOLD_OUT') this.count('sold_out');
    else if (code === 'QUEUE_FULL') this.count('queue_full');
    else this.count(status < 500 ? 'refused' : 'failed');
  }
}
