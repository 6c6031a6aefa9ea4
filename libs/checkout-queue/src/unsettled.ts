import type { Shards } from '@app/servers';
import { DeadLetters } from './dead-letters.js';
import { keysOf } from './keys.js';

/** Dead letters read at a time. */
const LETTERS = 1_000;

/** Of a sale: orders that are accepted and not settled, and dead letters. */
export async function unsettledOf(
  shards: Shards,
  saleId: string,
  skus: readonly string[],
): Promise<{ readonly orders: number; readonly deadLetters: number }> {
  const { redis, prefix } = shards.of(saleId);
  const keys = keysOf(prefix);
  const counts = await Promise.all(skus.map((sku) => redis.scard(keys.pending(saleId, sku))));
  return {
    orders: counts.reduce((sum, count) => sum + count, 0),
    deadLetters: await lettersOf(new DeadLetters(shards), saleId),
  };
}

/** They are few, of all sales together. */
async function lettersOf(deadLetters: DeadLetters, saleId: string): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const { letters, next } = await deadLetters.page(LETTERS, cursor);
    count += letters.filter(({ order }) => order.saleId === saleId).length;
    cursor = next;
  } while (cursor !== undefined);
  return count;
}
