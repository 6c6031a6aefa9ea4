import type { Redis } from 'ioredis';
import type { Keys } from './keys.js';
import { saleSkuOf, type QueuedOrder } from './queue.js';

/**
 * What a key or a mark decides alone: the key was accepted before, whatever came with it; Redis may have forgotten it (`unsure`); it is
 * new, and the SKU is sold out, or not as far as can be told.
 */
export type Known = 'known' | 'unsure' | 'sold-out' | 'open';

/**
 * Looks at what Redis knows of orders. Those of one SKU have to lie together: they share three commands, which cost a tenth of a script.
 */
export async function lookAtKnown(
  redis: Redis,
  keys: Keys,
  orders: readonly QueuedOrder[],
): Promise<Known[]> {
  const bySku = new Map<string, QueuedOrder[]>();
  for (const order of orders) {
    const name = saleSkuOf(order);
    const ofSku = bySku.get(name) ?? [];
    bySku.set(name, ofSku);
    ofSku.push(order);
  }
  return (await Promise.all([...bySku.values()].map((ofSku) => lookAtSku(redis, keys, ofSku)))).flat();
}

async function lookAtSku(redis: Redis, keys: Keys, orders: readonly QueuedOrder[]): Promise<Known[]> {
  const { saleId, sku, counter } = orders[0]!;
  const ids = orders.map(({ orderId }) => orderId);
  const names = ids.map((orderId) => keys.idempotency(saleId, orderId));
  const [carriers, [memory, mark, ...bodies], left, info] = await Promise.all([
    redis.hmget(keys.queued, ...ids),
    redis.mget(keys.memory(saleId), keys.soldOut(saleId, sku), ...names),
    counter ? redis.hget(keys.counter(saleId, sku), 'left') : null,
    redis.info('replication'),
  ]);
  // As admit.lua has it: what another history of Redis says of new keys is not sure.
  const [, history = 'unknown'] = /master_replid:(\w+)/.exec(info) ?? [];
  const isSoldOut = mark !== null || (left !== null && Number(left) <= 0);
  const ofNew = memory !== history ? 'unsure' : isSoldOut ? 'sold-out' : 'open';
  return ids.map((_, i) => ((carriers[i] ?? bodies[i]) ? 'known' : ofNew));
}
