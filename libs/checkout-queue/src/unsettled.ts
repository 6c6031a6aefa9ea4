import type { Shards } from '@app/servers';
import { DeadLetters } from './dead-letters.js';
import { keysOf } from './keys.js';

/** Of a sale: orders that are accepted and not settled, and dead letters. */
export async function unsettledOf(
  shards: Shards,
  saleId: string,
  skus: readonly string[],
): Promise<{ readonly orders: number; readonly deadLetters: number }> {
  const { redis, prefix } = shards.of(saleId);
  const keys = keysOf(prefix);
  const counts = await Promise.all(skus.map((sku) => redis.scard(keys.pending(saleId, sku))));
  const letters = await new DeadLetters(shards).list(Infinity);
  return {
    orders: counts.reduce((sum, count) => sum + count, 0),
    deadLetters: letters.filter(({ order }) => order.saleId === saleId).length,
  };
}
