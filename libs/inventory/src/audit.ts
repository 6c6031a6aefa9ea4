import type { Database } from './section/transaction.js';
import { AVAILABLE } from './section/unit-sql.js';

/** The truth about one SKU of a sale, in units except where it says otherwise. */
interface AuditFigures {
  readonly initial: number;
  readonly available: number;
  /** In orders that are reserved. */
  readonly held: number;
  /** In orders that are paid, or were refunded and did not come back. */
  readonly sold: number;
  /** In orders that are rejected, for whatever reason. */
  readonly rejected: number;
  /** Sold or held beyond the initial stock. */
  readonly oversold: number;
  /** Rejected as sold out since an admin last added units, although fewer than the initial stock are held or sold in the end. */
  readonly undersold: number;
  /**
   * Breaks in the chains of stock movements, one chain for each stripe: a `before` that is not the `after` of the movement before it, a
   * version that is missing or there twice, a row that is not what its last movement left. Of units that have rows of their own: orders
   * that do not have the units they should, and a stock that is not what the movements left.
   */
  readonly lostUpdates: number;
  /** available + held + sold === initial */
  readonly conserved: boolean;
}

export interface AuditItem extends AuditFigures {
  readonly sku: string;
}

export interface Audit {
  readonly items: readonly AuditItem[];
  readonly total: AuditFigures;
}

/** One statement, hence one snapshot. Postgres adds up in bigint; the results are JavaScript numbers, exact up to 2^53. */
const AUDIT_SQL = `
  WITH adjusted AS (
    SELECT sku, stripe, sum(units) AS units, max(committed_at) FILTER (WHERE units < 0) AS filled_at
    FROM stock_movements WHERE sale_id = $1 AND adjustment_id IS NOT NULL GROUP BY sku, stripe
  ), filled AS (
    SELECT sku, max(filled_at) AS at FROM adjusted GROUP BY sku
  ), by_sku AS (
    SELECT sku,
      coalesce(sum(quantity) FILTER (WHERE status = 'reserved'), 0) AS held,
      coalesce(sum(quantity) FILTER (WHERE status = 'paid' OR status = 'refunded' AND restocked_at IS NULL), 0) AS sold,
      coalesce(sum(quantity) FILTER (WHERE status = 'rejected'), 0) AS rejected,
      coalesce(sum(quantity) FILTER (WHERE reason = 'SOLD_OUT' AND settled_at > coalesce(at, '-infinity')), 0) AS sold_out
    FROM orders LEFT JOIN filled USING (sku) WHERE sale_id = $1 GROUP BY sku
  ), links AS (
    SELECT sku, stripe, version, before, after, lag(after) OVER chain AS left_by_predecessor, lead(id) OVER chain IS NULL AS is_last,
      -- Null next to a movement without a version, which proves nothing.
      version <> lag(version, 1, 0::bigint) OVER chain + 1 AS is_gap
    FROM stock_movements WHERE sale_id = $1 AND before IS NOT NULL
    -- Where a worker from before versions has moved units, ids are in the order of commits: one Postgres drew them, without a cache.
    WINDOW chain AS (PARTITION BY sku, stripe ORDER BY
      CASE WHEN NOT EXISTS (SELECT FROM stock_movements WHERE sale_id = $1 AND version IS NULL) THEN version END, id)
  ), breaks AS (
    SELECT sku, count(*) FILTER (WHERE is_last) AS chains,
      -- The chain begins with what the sale was opened with, and ends with the row as it is.
      count(*) FILTER (WHERE is_gap OR before <> coalesce(left_by_predecessor, initial + coalesce(adjusted.units, 0)))
      + count(*) FILTER (WHERE is_last AND (after <> available OR links.version <> stock.version)) AS lost_updates
    FROM links JOIN stock USING (sku, stripe) LEFT JOIN adjusted USING (sku, stripe)
    WHERE stock.sale_id = $1
    GROUP BY sku
  ), whole AS (
    SELECT sku, sum(initial) AS initial, sum(${AVAILABLE}) AS available,
      -- Rows that must have a chain.
      count(*) FILTER (WHERE available IS NOT NULL AND (version > 0 OR available <> initial)) AS moved,
      bool_or(available IS NULL) AS has_unit_rows
    FROM stock WHERE sale_id = $1 GROUP BY sku
  ), misplaced AS (
    SELECT sku, count(*) AS orders FROM (
      SELECT sku, order_id, count(*) AS units FROM units WHERE sale_id = $1 AND order_id IS NOT NULL GROUP BY sku, order_id
    ) AS taken FULL JOIN (
      SELECT sku, id AS order_id, quantity AS units FROM orders
      WHERE sale_id = $1 AND (status IN ('reserved', 'paid') OR status = 'refunded' AND restocked_at IS NULL)
        AND (SELECT bool_or(has_unit_rows) FROM whole)
    ) AS live USING (sku, order_id) WHERE taken.units IS DISTINCT FROM live.units GROUP BY sku
  ), unaccounted AS (
    SELECT sku, (available <> initial + coalesce((SELECT sum(units) FROM adjusted WHERE adjusted.sku = whole.sku), 0)
      - coalesce((SELECT sum(units) FROM stock_movements AS moved WHERE moved.sale_id = $1 AND moved.sku = whole.sku), 0))::int AS stocks
    FROM whole WHERE has_unit_rows
  )
  SELECT sku, initial::float8, available::float8,
    coalesce(held, 0)::float8 AS held, coalesce(sold, 0)::float8 AS sold, coalesce(rejected, 0)::float8 AS rejected,
    greatest(0, coalesce(held + sold, 0) - initial)::float8 AS oversold,
    least(coalesce(sold_out, 0), greatest(0, initial - coalesce(held + sold, 0)))::float8 AS undersold,
    (coalesce(lost_updates, 0) + greatest(0, moved - coalesce(chains, 0)) + coalesce(misplaced.orders, 0) + coalesce(stocks, 0))::float8
      AS "lostUpdates",
    available + coalesce(held + sold, 0) = initial AS conserved
  FROM whole LEFT JOIN by_sku USING (sku) LEFT JOIN breaks USING (sku) LEFT JOIN misplaced USING (sku) LEFT JOIN unaccounted USING (sku)
  ORDER BY sku`;

/** Reads the truth about a sale from the database. `undersold` is final only once its queue has drained. */
export async function audit(database: Database, saleId: string): Promise<Audit> {
  const { rows: items } = await database.query<AuditItem>(AUDIT_SQL, [saleId]);
  const sum = (pick: (item: AuditItem) => number) => items.reduce((total, item) => total + pick(item), 0);
  return {
    items,
    total: {
      initial: sum((item) => item.initial),
      available: sum((item) => item.available),
      held: sum((item) => item.held),
      sold: sum((item) => item.sold),
      rejected: sum((item) => item.rejected),
      oversold: sum((item) => item.oversold),
      undersold: sum((item) => item.undersold),
      lostUpdates: sum((item) => item.lostUpdates),
      conserved: items.every((item) => item.conserved),
    },
  };
}
