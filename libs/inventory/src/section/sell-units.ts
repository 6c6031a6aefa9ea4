import type { OrderRequest } from '@app/orders';
import type { Pool, PoolClient } from 'pg';
import { allocate } from './allocate.js';
import { buyerLimit, type BuyerLimit } from './buyer-limit.js';
import type { SectionTarget } from './section-target.js';
import { PlainStore, placeOf } from './plain-store.js';
import type { SectionResult } from './settle-each-once.js';
import { settledOf, type StockKey, type StockRow, type StockStore } from './stock-store.js';
import { transaction } from './transaction.js';
import { HOLD_RETURNS_SQL, LAST_UNITS_SQL } from './unit-sql.js';

interface Units {
  readonly pool: Pool;
  readonly target: SectionTarget;
  readonly key: StockKey;
  /** Sells where no transaction is needed. */
  readonly store: StockStore;
}

/** Whoever skips what others hold does not know what is left. */
const UNKNOWN: StockRow = { available: Infinity };

/**
 * Sells from a SKU whose units have rows of their own. Skips those that others hold. They may come free again: where that leaves too
 * few it waits for them, then sees all that is left, and only then may say that an order gets none.
 */
export async function sellUnits(units: Units, orders: readonly OrderRequest[]): Promise<SectionResult> {
  const { pool, target, key, store } = units;
  const { saleId, perBuyerLimit } = target;
  const inTransaction = (rowOf: (client: PoolClient) => StockRow | Promise<StockRow>) =>
    transaction(pool, async (client) => {
      const limit = await buyerLimit(client, saleId, perBuyerLimit, orders);
      return sell(units, orders, new PlainStore(client, 'skip-locked'), limit, await rowOf(client));
    });
  const sold =
    perBuyerLimit === null
      ? await sell(units, orders, store, {}, UNKNOWN)
      : await inTransaction(() => UNKNOWN);
  // Whoever has all that is left cannot be refused.
  return sold ?? (await inTransaction((client) => lastUnits(client, key)))!;
}

/** Resolves to undefined if too few units were free, and nothing was written. */
async function sell(
  { key, target }: Units,
  orders: readonly OrderRequest[],
  store: StockStore,
  limit: BuyerLimit,
  read: StockRow,
): Promise<SectionResult | undefined> {
  const { outcomes, units } = allocate(orders, { available: read.available, ...limit });
  const settled = settledOf(orders, outcomes);
  const left = await store.write({ key, read, units, settled, ttl: target.reservationTtlSeconds });
  if (left === undefined) return undefined;
  return read === UNKNOWN ? { outcomes } : { outcomes, available: left, versions: [read.version!] };
}

async function lastUnits(client: PoolClient, key: StockKey): Promise<StockRow> {
  const place = placeOf(key);
  await client.query({ name: 'hold returns', text: HOLD_RETURNS_SQL, values: place });
  const { rows } = await client.query<StockRow>({ name: 'last units', text: LAST_UNITS_SQL, values: place });
  return rows[0] ?? new PlainStore(client, 'skip-locked').whyNot(key);
}
