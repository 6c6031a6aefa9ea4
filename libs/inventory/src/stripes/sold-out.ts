import type { OrderRequest } from '@app/orders';
import type { Pool } from 'pg';
import { settleEachOnce, type Committed, type SectionResult } from '../section/settle-each-once.js';
import { columnsOf } from '../section/plain-store.js';
import { settledOf } from '../section/stock-store.js';
import type { SectionTarget } from '../section/section-target.js';

/**
 * Inserts the orders as rejected if all stripes are empty. Returns the units left and the versions of the stripes.
 * Parameters: sale, SKU; of the orders: ids, buyers, quantities, reasons, Idempotency-Keys, times of acceptance.
 */
const REJECT_SOLD_OUT_SQL = `
  WITH whole AS (
    SELECT sum(available)::float8 AS available, array_agg(version ORDER BY stripe) AS versions
    FROM stock WHERE sale_id = $1 AND sku = $2
  ), rejected AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
    SELECT $1, $2, o.id, o.buyer_id, o.quantity, 'rejected', o.reason, o.idempotency_key,
           to_timestamp(o.accepted_at / 1000)
    FROM whole, unnest($3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[], $8::float8[])
      AS o (id, buyer_id, quantity, reason, idempotency_key, accepted_at)
    WHERE whole.available <= 0
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) SELECT 'settled', $3::uuid[] FROM whole WHERE whole.available <= 0
  )
  SELECT available, versions FROM whole`;

const SOLD_OUT = { status: 'rejected', reason: 'SOLD_OUT' } as const;

/**
 * Rejects orders if no stripe of their SKU has a unit, else leaves them undecided. One snapshot sees all stripes, so the answer
 * was true at one moment. It takes no stock, so it needs no lock.
 */
export function rejectIfSoldOut(
  pool: Pool,
  { saleId, sku }: SectionTarget,
  orders: readonly OrderRequest[],
): Promise<SectionResult> {
  return settleEachOnce(pool, orders, async (fresh): Promise<Committed> => {
    const rejected = settledOf(
      fresh,
      fresh.map(() => SOLD_OUT),
    );
    const { rows } = await pool.query<{ available: number; versions: string[] }>({
      name: 'reject sold out',
      text: REJECT_SOLD_OUT_SQL,
      values: [saleId, sku, ...columnsOf(rejected)],
    });
    const { available, versions } = rows[0]!;
    return { outcomes: fresh.map(() => (available > 0 ? undefined : SOLD_OUT)), available, versions };
  });
}
