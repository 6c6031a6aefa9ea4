import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Sale } from './sale.entity.js';

type Options = Pick<
  Sale,
  'stripes' | 'perBuyerLimit' | 'reservationTtlSeconds' | 'waitingRoom' | 'startsAt' | 'endsAt'
>;

export interface NewSale extends Pick<Sale, 'name' | 'strategy'>, Partial<Options> {
  readonly items: readonly { readonly sku: string; readonly stock: number }[];
}

/** Spreads the stock evenly: some stripes get one unit more, and with fewer units than stripes some get none. */
const OPEN_SQL = `
  WITH sale AS (
    INSERT INTO sales
      (id, stripes, name, strategy, per_buyer_limit, reservation_ttl_seconds, waiting_room, starts_at, ends_at)
    VALUES ($1, $2, $5, $6, $7, $8, $9, $10, $11)
  )
  INSERT INTO stock (sale_id, sku, stripe, initial, available)
  SELECT $1, sku, stripe, share, share
  FROM unnest($3::text[], $4::int[]) AS item (sku, units), generate_series(0, $2::int - 1) AS stripe,
    LATERAL (SELECT units / $2 + (stripe < units % $2)::int AS share) AS even`;

/** Opens a sale with its stock, in one statement. Returns its id. */
export async function openSale(pool: Pool, { items, stripes = 1, ...sale }: NewSale): Promise<string> {
  const id = randomUUID();
  await pool.query(OPEN_SQL, [
    id,
    stripes,
    items.map(({ sku }) => sku),
    items.map(({ stock }) => stock),
    sale.name,
    sale.strategy,
    sale.perBuyerLimit,
    sale.reservationTtlSeconds,
    sale.waitingRoom,
    sale.startsAt,
    sale.endsAt,
  ]);
  return id;
}
