import {
  Admissions,
  DeadLetters,
  RestockReminders,
  type Admission,
  type QueuedOrder,
} from '@app/checkout-queue';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { ProblemError } from '../http/problems/problem.js';
import { fromRedis } from '../http/problems/unavailable.js';
import { viewOf, type DeadLetterView } from './dead-letter.schema.js';

/** Orders and returns that were refused for good: to look at, and to send again once the cause is gone. */
@Injectable()
export class DeadLettersService {
  readonly gauge: Gauge;

  constructor(
    private readonly letters: DeadLetters,
    private readonly admissions: Admissions,
    private readonly reminders: RestockReminders,
  ) {
    this.gauge = new Gauge({
      name: 'dead_letters',
      help: 'Orders and releases that Postgres refused for good and nobody has dealt with',
      async collect() {
        this.set(await letters.count().catch(() => Number.NaN)); // unknown while Redis is down
      },
    });
  }

  /** Newest first. */
  async list(most: number): Promise<DeadLetterView[]> {
    const letters = await fromRedis(this.letters.list(most));
    const newestFirst = letters.toSorted((a, b) => b.refusedAt - a.refusedAt);
    return newestFirst.slice(0, most).map(viewOf);
  }

  /**
   * Has a worker try it again, and returns it. Sending it twice has the effect of once.
   *
   * @throws {ProblemError}
   */
  async retry(orderId: string): Promise<DeadLetterView> {
    const [letter] = await fromRedis(this.letters.find([orderId]));
    if (!letter) throw new ProblemError('DEAD_LETTER_NOT_FOUND', 'GET /dead-letters lists those there are.');
    if (letter.kind === 'checkout') {
      await this.#admit(letter.order);
    } else {
      await fromRedis(this.reminders.remind([orderId], 0, letter.order));
      await this.discard(orderId); // if a worker is faster and it is refused again, the next sweep finds it
    }
    return viewOf(letter);
  }

  async discard(orderId: string): Promise<void> {
    await fromRedis(this.letters.drop(orderId));
  }

  /** Once it is in the queue again, an order is no dead letter. */
  async #admit(order: QueuedOrder): Promise<void> {
    const admission = await fromRedis(this.admissions.admit(order, { anew: true }));
    const refusal = REFUSALS[admission];
    if (refusal) throw refusal();
  }
}

/** Why an order whose Idempotency-Key is forgotten may not enter the queue again. */
const REFUSALS: Partial<Record<Admission, () => ProblemError>> = {
  'sold-out': () => new ProblemError('SOLD_OUT', 'Nothing is left of its SKU: discard it.'),
  mismatched: () =>
    new ProblemError('IDEMPOTENCY_KEY_REUSED', 'Its key has become another order: discard it.'),
  full: () =>
    new ProblemError('QUEUE_FULL', 'Try again in a moment.', {
      headers: { 'retry-after': '1' },
    }),
};
