import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { ProblemError } from '../problems/problem.js';

type CheckoutOutcome = 'accepted' | 'replayed' | 'sold_out' | 'queue_full' | 'refused' | 'failed';

@Injectable()
export class CheckoutMetrics {
  readonly #checkouts = new Counter({
    name: 'checkouts_total',
    help: 'Checkouts, by what the API made of them',
    labelNames: ['outcome'],
  });

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
