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
    const letters: string[] = [];
    let cursor = '0';
    do {
      const [next, found] = await this.redis.hscan(keys.deadLetters, cursor, 'COUNT', least);
      letters.push(...found.filter((_, i) => i % 2 === 1));
      cursor = next;
    } while (cursor !== '0' && letters.length < least);
    return letters.map(read);
  }

  count(): Promise<number> {
    return this.redis.hlen(keys.deadLetters);
  }

  async drop(orderId: string): Promise<void> {
    await this.redis.hdel(keys.deadLetters, orderId);
  }
}

const read = (letter: string) => JSON.parse(letter) as DeadLetter;

function refusalOf(why: unknown): Refusal {
  const { code, message } = why as { code?: string; message: string };
  return { code, message, refusedAt: Date.now() };
}
