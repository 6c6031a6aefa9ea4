import type { Pool } from 'pg';
import { v5 as uuidv5 } from 'uuid';

/** Units that an admin adds to a SKU, or withdraws from it. A worker carries it out, under the SKU's lock. */
export interface Adjustment {
  readonly id: string;
  readonly saleId: string;
  readonly sku: string;
  /** Below zero: they are withdrawn. */
  readonly units: number;
  readonly status: 'pending' | 'done' | 'refused';
  readonly reason: AdjustmentRefusal | null;
  /** Of the SKU when that was decided. */
  readonly initial: number | null;
  readonly available: number | null;
  readonly requestedAt: Date;
  readonly decidedAt: Date | null;
}

export type AdjustmentRefusal = 'INSUFFICIENT_STOCK' | 'TOO_MUCH_STOCK';

export interface NewAdjustment extends Pick<Adjustment, 'saleId' | 'sku' | 'units'> {
  readonly idempotencyKey: string;
  readonly admin: string;
}

export type PendingAdjustment = Pick<Adjustment, 'id' | 'saleId' | 'sku'>;

const NAMESPACE = '8f5c7d0a-2f43-4c8e-9c1b-6a1e5d3b7f20';

/** Parameters: id, sale, SKU, units, admin. */
const REQUEST_SQL = `
  WITH requested AS (
    INSERT INTO stock_adjustments (id, sale_id, sku, units)
    SELECT $1, id, $3, $4 FROM sales WHERE id = $2 FOR KEY SHARE -- it is not being archived
    ON CONFLICT DO NOTHING RETURNING id
  )
  INSERT INTO admin_actions (sale_id, admin, action, details)
  SELECT $2, $5, 'adjust', jsonb_build_object('adjustmentId', id, 'sku', $3::text, 'units', $4::int) FROM requested`;

const FIND_SQL = `
  SELECT id, sale_id AS "saleId", sku, units, status, reason, initial, available, requested_at AS "requestedAt",
    decided_at AS "decidedAt"
  FROM stock_adjustments WHERE id = $1`;

/** In random order, so that one that cannot be carried out does not block the others. */
const OVERDUE_SQL = `
  SELECT id, sale_id AS "saleId", sku FROM stock_adjustments
  WHERE status = 'pending' AND requested_at < clock_timestamp() - make_interval(secs => $1)
  ORDER BY random() LIMIT $2`;

/**
 * Writes the request down, and returns it as it is now: the same key again is the same adjustment, perhaps of other content. Resolves to
 * undefined if the sale is no longer there.
 */
export async function requestAdjustment(
  pool: Pool,
  { saleId, sku, units, idempotencyKey, admin }: NewAdjustment,
): Promise<Adjustment | undefined> {
  const id = uuidv5(JSON.stringify([saleId, idempotencyKey]), NAMESPACE);
  await pool.query(REQUEST_SQL, [id, saleId, sku, units, admin]);
  return findAdjustment(pool, id);
}

export async function findAdjustment(pool: Pool, id: string): Promise<Adjustment | undefined> {
  return (await pool.query<Adjustment>(FIND_SQL, [id])).rows[0];
}

/** Adjustments that wait for so many seconds: whatever was to carry them out has forgotten them. */
export async function overdueAdjustments(
  pool: Pool,
  { seconds, most }: { readonly seconds: number; readonly most: number },
): Promise<PendingAdjustment[]> {
  return (await pool.query<PendingAdjustment>(OVERDUE_SQL, [seconds, most])).rows;
}
