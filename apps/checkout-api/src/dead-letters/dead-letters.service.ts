import {
  Admissions,
  DeadLetters,
  RestockReminders,
  type Admission,
  type DeadLetter,
  type QueuedOrder,
} from '@app/checkout-queue';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { AdminTrail } from '../admin/admin-trail.js';
import { ProblemError } from '../http/problems/problem.js';
import { fromRedis, notReplicated } from '../http/problems/unavailable.js';
import { viewOf, type DeadLetterView } from './dead-letter.schema.js';

/** Orders and returns that were refused for good: to look at, and to send again once the cause is gone. */
@Injectable()
export class DeadLettersService {
  readonly gauge: Gauge;

  constructor(
    private readonly letters: DeadLetters,
    private readonly admissions: Admissions,
    private readonly reminders: RestockReminders,
    private readonly trail: AdminTrail,
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
  async retry(admin: string, orderId: string): Promise<DeadLetterView> {
    const letter = await this.#find(orderId);
    if (!letter) throw new ProblemError('DEAD_LETTER_NOT_FOUND', 'GET /dead-letters lists those there are.');
    await this.trail.tell({ admin, action: 'retry-dead-letter', saleId: letter.order.saleId, orderId });
    if (letter.kind === 'checkout') {
      await this.#admit(letter.order);
    } else {
      await fromRedis(this.reminders.remind([orderId], 0, letter.order));
      await this.#drop(orderId); // if a worker is faster and it is refused again, the next sweep finds it
    }
    return viewOf(letter);
  }

  async discard(admin: string, orderId: string): Promise<void> {
    const letter = await this.#find(orderId);
    if (!letter) return;
    await this.trail.tell({ admin, action: 'discard-dead-letter', saleId: letter.order.saleId, orderId });
    await this.#drop(orderId);
  }

  async #find(orderId: string): Promise<DeadLetter | undefined> {
    return (await fromRedis(this.letters.find([orderId])))[0];
  }

  async #drop(orderId: string): Promise<void> {
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
  unreplicated: notReplicated,
};
