import type { Outcome } from '@app/orders';
import type { PerShard, Shards } from '@app/servers';
import type { Redis } from 'ioredis';
import { keysOf } from './keys.js';
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
  readonly #places: PerShard<{ readonly redis: Redis; readonly key: string }>;

  constructor(private readonly shards: Shards) {
    this.#places = shards.map(({ redis, prefix }) => ({ redis, key: keysOf(prefix).deadLetters }));
  }

  /** A worker's side: the order leaves the queue as a dead letter, and whoever waits for it is told, in one step. */
  async keepOrder(order: QueuedOrder, why: unknown): Promise<void> {
    const letter: DeadLetter = { kind: 'checkout', order, ...refusalOf(why) };
    await announce(this.shards, [{ order, outcome: REFUSED }], [], JSON.stringify(letter));
  }

  /** The same of a reservation that cannot be ended: its units are not restocked. */
  async keepRestock({ orderId, saleId, sku }: Due, why: unknown): Promise<void> {
    const letter: DeadLetter = { kind: 'release', order: { orderId, saleId, sku }, ...refusalOf(why) };
    const { redis, key } = this.#places.of(saleId);
    await redis.hset(key, orderId, JSON.stringify(letter));
  }

  /** The dead letters of these orders. */
  async find(orderIds: readonly string[]): Promise<DeadLetter[]> {
    if (orderIds.length === 0) return [];
    const found = await Promise.all(this.#places.all.map(({ redis, key }) => redis.hmget(key, ...orderIds)));
    const letters = found.flat();
    return letters.filter((letter) => letter !== null).map(read);
  }

  /** At least so many of them, or all there are; in no order. */
  async list(least: number): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.page(least, cursor);
      letters.push(...page.letters);
      cursor = page.next;
    } while (cursor !== undefined && letters.length < least);
    return letters;
  }

  /** About so many of them, and the cursor of the next ones; after the last ones there is none. */
  async page(
    about: number,
    cursor = `0 ${BEGINNING}`,
  ): Promise<{ readonly letters: DeadLetter[]; readonly next?: string }> {
    const [shard, within] = cursor.split(' ') as [string, string];
    const { redis, key } = this.#places.all[Number(shard)]!;
    const [next, found] = await redis.hscan(key, within, 'COUNT', about);
    return {
      letters: found.filter((_, i) => i % 2 === 1).map(read),
      next: this.#cursorAfter(Number(shard), next),
    };
  }

  count(): Promise<number> {
    return this.#places.sum(({ redis, key }) => redis.hlen(key));
  }

  async drop(...orderIds: readonly string[]): Promise<void> {
    if (orderIds.length === 0) return;
    await Promise.all(this.#places.all.map(({ redis, key }) => redis.hdel(key, ...orderIds)));
  }

  #cursorAfter(shard: number, next: string): string | undefined {
    if (next !== BEGINNING) return `${shard} ${next}`;
    return shard + 1 < this.#places.all.length ? `${shard + 1} ${BEGINNING}` : undefined;
  }
}

const read = (letter: string) => JSON.parse(letter) as DeadLetter;

function refusalOf(why: unknown): Refusal {
  const { code, message } = why as { code?: string; message: string };
  return { code, message, refusedAt: Date.now() };
}
