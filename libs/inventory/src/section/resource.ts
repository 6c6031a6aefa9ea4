import type { RedisShards } from '@app/lock';
import type { Shards } from '@app/servers';

/** The name to lock: the stock of a SKU, or one stripe of it. No part contains a colon. */
export function resourceOf({ saleId, sku }: { saleId: string; sku: string }, stripe?: number): string {
  return stripe === undefined ? `${saleId}:${sku}` : `${saleId}:${sku}:${stripe}`;
}

/** All names to lock for a SKU: one, or one for each stripe. */
export function resourcesOf(target: { saleId: string; sku: string }, stripes: number): string[] {
  if (stripes === 1) return [resourceOf(target)];
  return Array.from({ length: stripes }, (_, stripe) => resourceOf(target, stripe));
}

/** Where the locks of a sale are: with its other keys. */
export const locksIn = (shards: Shards): RedisShards => ({
  all: shards.all,
  of: (resource) => shards.of(resource.split(':', 1)[0]!),
});
