/** Sales that ended so many days ago, the oldest first, after the one that was looked at last. Parameters: days; its end and id. */
export const ENDED_SQL = `
  SELECT id AS "saleId", ends_at::text AS "endedAt" FROM sales
  WHERE ends_at < clock_timestamp() - make_interval(days => $1) AND (ends_at, id) > ($2::timestamptz, $3::uuid)
  ORDER BY ends_at, id LIMIT 1`;

/** Archived sales of which rows may be left. */
export const UNPRUNED_SQL = `
  SELECT sale_id AS "saleId", manifest_sha256 AS "manifestSha256" FROM archived_sales WHERE pruned_at IS NULL ORDER BY archived_at`;

/**
 * Why a sale has to stay, and figures of all that may change of a sale that has ended. Rows of the feed are in the order of time, but for
 * statements that ran at the same time. Parameter: sale.
 */
export const STATE_SQL = `
  WITH of_sale AS MATERIALIZED (
    SELECT id, status, restock, restocked_at, greatest(settled_at, paid_at, ended_at) AS changed_at FROM orders WHERE sale_id = $1
  ), oldest_events AS (
    SELECT least(
      (SELECT at FROM outbox WHERE last_number IS NOT NULL ORDER BY last_number LIMIT 1),
      (SELECT at FROM outbox WHERE last_number IS NULL ORDER BY id LIMIT 1)
    ) AS at
  )
  SELECT
    array_remove(ARRAY[
      CASE WHEN EXISTS (SELECT FROM of_sale WHERE status = 'reserved') THEN 'reserved orders' END,
      CASE WHEN EXISTS (SELECT FROM of_sale WHERE status = 'refunded' AND restock AND restocked_at IS NULL) THEN 'units that are to come back' END,
      CASE WHEN EXISTS (
        SELECT FROM payments JOIN of_sale ON of_sale.id = order_id WHERE payments.status IN ('started', 'refunding')
      ) THEN 'unfinished payments' END,
      CASE WHEN EXISTS (SELECT FROM stock_adjustments WHERE sale_id = $1 AND status = 'pending') THEN 'pending adjustments' END,
      CASE WHEN (SELECT max(changed_at) FROM of_sale) + interval '1 minute' >= (SELECT at FROM oldest_events)
        OR EXISTS (SELECT FROM held_events JOIN of_sale ON of_sale.id = order_id) THEN 'events that are kept for the feed or a webhook' END
    ], NULL) AS hindrances,
    json_build_array(
      (SELECT json_agg(each ORDER BY each::text) FROM (
        SELECT status, restock, restocked_at IS NULL AS out, count(*) AS orders FROM of_sale GROUP BY 1, 2, 3
      ) AS each),
      (SELECT count(*) FROM stock_movements WHERE sale_id = $1),
      (SELECT count(*) FROM stock_adjustments WHERE sale_id = $1)
    )::text AS figures`;

/** What is archived of a sale, in the order in which it happened: a line of JSON for each. Parameter: sale. */
export const LINES_SQL = {
  orders: `SELECT to_json(o)::text AS line FROM orders AS o WHERE sale_id = $1 ORDER BY accepted_at, id`,
  movements: `SELECT to_json(m)::text AS line FROM stock_movements AS m WHERE sale_id = $1 ORDER BY id`,
  payments: `
    SELECT to_json(p)::text AS line FROM payments AS p WHERE order_id IN (SELECT id FROM orders WHERE sale_id = $1) ORDER BY started_at, id`,
  adjustments: `SELECT to_json(a)::text AS line FROM stock_adjustments AS a WHERE sale_id = $1 ORDER BY requested_at, id`,
  // As the feed told them, but for their numbers: they are no longer in it, and follow from their orders.
  events: `
    SELECT json_build_object('id', id || '_' || kind, 'type', 'order.' || kind, 'timestamp', at, 'data', json_strip_nulls(json_build_object(
      'orderId', id, 'saleId', sale_id, 'sku', sku, 'quantity', quantity, 'buyerId', buyer_id, 'reason', reason)))::text AS line
    FROM orders, LATERAL (VALUES
      (1, CASE WHEN reason IS NULL THEN 'reserved' ELSE 'rejected' END, settled_at),
      (2, 'paid', paid_at),
      (3, status, ended_at)
    ) AS event (nth, kind, at)
    WHERE sale_id = $1 AND at IS NOT NULL ORDER BY at, id, nth`,
} as const;

/** The sale and its stock, as they are. Parameter: sale. */
export const SALE_SQL = `
  SELECT to_jsonb(sales) AS sale, (SELECT jsonb_agg(s ORDER BY sku, stripe) FROM stock AS s WHERE sale_id = $1) AS stock,
    (SELECT array_agg(DISTINCT sku) FROM stock WHERE sale_id = $1) AS skus
  FROM sales WHERE id = $1`;

/**
 * Keeps others from changing what an admin can still change of an ended sale, until the transaction ends; they take this row FOR KEY SHARE.
 * Returns no row if the sale is open again. Parameters: sale; days.
 */
export const CLOSE_SQL = `
  SELECT FROM sales WHERE id = $1 AND ends_at < clock_timestamp() - make_interval(days => $2) FOR UPDATE`;

/** From now on the sale is an archived one: whoever looks for it finds this. Parameters: sale; audit; checksum of its manifest. */
export const ARCHIVED_SQL = `
  INSERT INTO archived_sales (sale_id, name, ended_at, audit, manifest_sha256) SELECT id, name, ends_at, $2, $3 FROM sales WHERE id = $1`;
export const REMOVE_SALE_SQL = ['DELETE FROM stock WHERE sale_id = $1', 'DELETE FROM sales WHERE id = $1'];

/** Rows that go in one transaction. */
export const BATCH = 1_000;

/** Each deletes some rows of a sale, one table after the other; orders lead to their payments. Parameter: sale. */
export const PRUNE_SQL = [
  `WITH batch AS (SELECT id FROM orders WHERE sale_id = $1 ORDER BY sale_id, status, accepted_at LIMIT ${BATCH}), paid AS (
     DELETE FROM payments USING batch WHERE order_id = batch.id
   )
   DELETE FROM orders USING batch WHERE orders.id = batch.id`,
  `DELETE FROM stock_movements USING (
     SELECT id FROM stock_movements WHERE sale_id = $1 ORDER BY sale_id, sku, stripe, id LIMIT ${BATCH}
   ) AS batch WHERE stock_movements.id = batch.id`,
  `DELETE FROM units USING (
     SELECT id FROM units WHERE sale_id = $1 ORDER BY sale_id, sku, order_id LIMIT ${BATCH}
   ) AS batch WHERE units.id = batch.id`,
  'DELETE FROM stock_adjustments WHERE sale_id = $1',
];

export const PRUNED_SQL = 'UPDATE archived_sales SET pruned_at = clock_timestamp() WHERE sale_id = $1';
