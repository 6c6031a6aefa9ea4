import type { Outcome } from '@app/orders';
import type { Redis } from 'ioredis';
import { keys } from './keys.js';
import { announce } from './outcomes.js';
import type { QueuedOrder } from './queue.js';

/** What becomes of an order that is refused for good. */
export const REFUSED = { status: 'rejected', reason: 'UNPROCESSABLE' } as const satisfies Outcome;

type Due = Pick<QueuedOrder, 'orderId' | 'saleId' | 'sku'>;

/** Why something was refused, and when. */
export interface Refusal {
  /** SQLSTATE, where Postgres refused it. */
  readonly code?: string;
  readonly message: string;
  /** Milliseconds since the epoch, on the worker's clock. */
  readonly refusedAt: number;
}

/** An order as it was accepted, or the end of a reservation, that will never be accepted as it is. */
export type DeadLetter = Refusal &
  (
    | { readonly kind: 'checkout'; readonly order: QueuedOrder }
    | { readonly kind: 'release'; readonly order: Due }
  );

/** The cursor of the first page, and what follows the last one. */
const BEGINNING = '0';

/** What was refused for good is kept until somebody has dealt with it; an order also until it is accepted anew (admit.lua). */
export class DeadLetters {
  constructor(private readonly redis: Redis) {}

  /** A worker's side: the order leaves the queue as a dead letter, and whoever waits for it is told, in one step. */
  async keepOrder(order: QueuedOrder, why: unknown): Promise<void> {
    const letter: DeadLetter = { kind: 'checkout', order, ...refusalOf(why) };
    await announce(this.redis, [{ order, outcome: REFUSED }], [], JSON.stringify(letter));
  }

  /** The same of a reservation that cannot be ended: its units are not restocked. */
  async keepRestock({ orderId, saleId, sku }: Due, why: unknown): Promise<void> {
    const letter: DeadLetter = { kind: 'release', order: { orderId, saleId, sku }, ...refusalOf(why) };
    await this.redis.hset(keys.deadLetters, orderId, JSON.stringify(letter));
  }

  /** The dead letters of these orders. */
  async find(orderIds: readonly string[]): Promise<DeadLetter[]> {
    if (orderIds.length === 0) return [];
    const letters = await this.redis.hmget(keys.deadLetters, ...orderIds);
    return letters.filter((letter) => letter !== null).map(read);
  }

  /** At least so many of them, or all there are; in no order. */
  async list(least: number): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    let cursor = BEGINNING;
    do {
      const page = await this.page(least, cursor);
      letters.push(...page.letters);
      cursor = page.next;
    } while (cursor !== BEGINNING && letters.length < least);
    return letters;
  }

  /** About so many of them, and the cursor of the next ones; after the last ones it begins again. */
  async page(
    about: number,
    cursor = BEGINNING,
  ): Promise<{ readonly letters: DeadLetter[]; readonly next: string }> {
    const [next, found] = await this.redis.hscan(keys.deadLetters, cursor, 'COUNT', about);
    return { letters: found.filter((_, i) => i % 2 === 1).map(read), next };
  }

  count(): Promise<number> {
    return this.redis.hlen(keys.deadLetters);
  }

  async drop(...orderIds: readonly string[]): Promise<void> {
    if (orderIds.length > 0) await this.redis.hdel(keys.deadLetters, ...orderIds);
  }
}

const read = (letter: string) => JSON.parse(letter) as DeadLetter;

function refusalOf(why: unknown): Refusal {
  const { code, message } = why as { code?: string; message: string };
  return { code, message, refusedAt: Date.now() };
}
