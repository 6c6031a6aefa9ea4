import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { ProblemError } from '../problems/problem.js';

type CheckoutOutcome = 'accepted' | 'replayed' | 'sold_out' | 'refused' | 'failed';

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
    if (!(error instanceof ProblemError) || error.status >= 500) this.count('failed');
    else this.count(error.code === 'SOLD_OUT' ? 'sold_out' : 'refused');
  }
}
