import type { Shard, Shards } from '@app/servers';
import { COUNTS_TTL_SECONDS } from './admit-script.js';
import { keysOf } from './keys.js';
import type { RowVersion } from './outcomes.js';
import type { OfSku } from './queue.js';
import { outcomeCommands } from './scripts.js';

/** What Postgres says at one moment: of the rows of a SKU, and which of some orders are settled. */
interface StockLook {
  readonly rows: readonly (RowVersion & { readonly available: number })[];
  readonly settled: readonly string[];
}
export type LookAtStock = (sku: OfSku, orderIds: readonly string[]) => Promise<StockLook>;

/** Called by a worker: rows of a counted SKU got units, or lost some. */
export async function giveBack(
  shards: Shards,
  { saleId, sku }: OfSku,
  rows: readonly (RowVersion & { readonly units: number })[],
): Promise<void> {
  const { redis, prefix } = shards.of(saleId);
  const given = rows.flatMap(({ stripe, version, units }) => [stripe, version, units]);
  await outcomeCommands(redis).checkoutGiveBack(keysOf(prefix).counter(saleId, sku), ...given);
}

/**
 * Compares the counter of a SKU with Postgres and with the orders in the queue, and puts it right; makes it, where there is none.
 * Resolves to the units by which it was too low; to undefined if orders were settled meanwhile, and it stays as it was.
 */
export async function recount(
  { redis, prefix }: Shard,
  lookAtStock: LookAtStock,
  { saleId, sku }: OfSku,
): Promise<number | undefined> {
  const keys = keysOf(prefix);
  const [counter, counted] = [keys.counter(saleId, sku), keys.counted(saleId, sku)];
  // The changes first: what is settled from now on shows in them.
  const changes = (await redis.hget(counter, 'changes')) ?? '0';
  const { rows, settled } = await lookAtStock({ saleId, sku }, await redis.hkeys(counted));
  const byStripe = rows.toSorted((a, b) => a.stripe - b.stripe);
  const off = await outcomeCommands(redis).checkoutRecount(
    counter,
    counted,
    changes,
    COUNTS_TTL_SECONDS, // as when an order takes units; once it is forgotten, the next checkout counts anew
    byStripe.reduce((sum, { available }) => sum + available, 0),
    byStripe.length,
    ...byStripe.map(({ version }) => version),
    ...settled,
  );
  return off ?? undefined;
}
