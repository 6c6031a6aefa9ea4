import { v7 as uuidv7 } from 'uuid';
import type { Pool } from 'pg';
import { hasUnitRows, strategyOf } from '../strategies.js';
import type { Sale } from './sale.entity.js';

type Options = Pick<
  Sale,
  'stripes' | 'currency' | 'perBuyerLimit' | 'reservationTtlSeconds' | 'waitingRoom' | 'startsAt' | 'endsAt'
>;

export interface NewSale extends Pick<Sale, 'name' | 'strategy'>, Partial<Options> {
  readonly items: readonly { readonly sku: string; readonly stock: number; readonly price?: number }[];
}

/** Under which key a sale is opened, and all that was asked for with it. */
export interface OpenedAs {
  readonly idempotencyKey: string;
  readonly request: object;
}

/**
 * Tells who opened the sale, where an admin did. Spreads the stock evenly: some stripes get one unit more, and with fewer units than
 * stripes some get none. Or gives each unit a row ($17).
 */
const OPEN_SQL = `
  WITH sale AS (
    INSERT INTO sales
      (id, stripes, name, strategy, per_buyer_limit, reservation_ttl_seconds, waiting_room, starts_at, ends_at,
        idempotency_key, request, currency)
    VALUES ($1, $2, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
  ), told AS (
    INSERT INTO admin_actions (sale_id, admin, action) SELECT id, $16, 'open' FROM sale WHERE $16::text IS NOT NULL
  ), unit_rows AS (
    INSERT INTO units (sale_id, sku)
    SELECT sale.id, sku FROM sale, unnest($3::text[], $4::int[]) AS item (sku, units), generate_series(1, units) WHERE $17::boolean
  )
  INSERT INTO stock (sale_id, sku, stripe, initial, available, price)
  SELECT sale.id, sku, stripe, share, CASE WHEN NOT $17 THEN share END, price
  FROM sale, unnest($3::text[], $4::int[], $5::int[]) AS item (sku, units, price), generate_series(0, $2::int - 1) AS stripe,
    LATERAL (SELECT units / $2 + (stripe < units % $2)::int AS share) AS even`;

/** As jsonb: the order of its members does not matter. */
const OPENED_SQL = 'SELECT id FROM sales WHERE idempotency_key = $1 AND request = $2::jsonb';

/** The key came with another sale before. */
export class SaleKeyReusedError extends Error {
  override readonly name = 'SaleKeyReusedError';
}

/**
 * Opens a sale with its stock, in one statement. Returns its id; if the same was asked for under the same key before, that of the
 * sale which was opened then.
 *
 * @throws {SaleKeyReusedError}
 */
export async function openSale(
  pool: Pool,
  { items, stripes = 1, ...sale }: NewSale,
  as?: OpenedAs,
  admin?: string,
): Promise<string> {
  const id = uuidv7();
  const { rowCount } = await pool.query(OPEN_SQL, [
    id,
    stripes,
    items.map(({ sku }) => sku),
    items.map(({ stock }) => stock),
    items.map(({ price }) => price),
    sale.name,
    sale.strategy,
    sale.perBuyerLimit,
    sale.reservationTtlSeconds,
    sale.waitingRoom,
    sale.startsAt,
    sale.endsAt,
    as?.idempotencyKey,
    as?.request,
    sale.currency,
    admin,
    hasUnitRows(strategyOf(sale.strategy).write),
  ]);
  if (!as || rowCount !== 0) return id;
  const { rows } = await pool.query<{ id: string }>(OPENED_SQL, [as.idempotencyKey, as.request]);
  if (!rows[0]) throw new SaleKeyReusedError('the key came with another sale');
  return rows[0].id;
}
