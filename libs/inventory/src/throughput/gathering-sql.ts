/**
 * Raises the fences of several rows and reads them, as READ_SQL does for one. It does not wait for the disk: if a crash undoes
 * the raise, the write finds another fence and is refused.
 */
// Parameters, each an array: sales, SKUs, stripes, tokens, holders. Result rows carry their number from 1.
export const READ_ROWS_SQL = `
  UPDATE stock SET fence_token = given.token, fence_holder = given.holder
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS this_statement_only,
    unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[], $5::text[])
      WITH ORDINALITY AS given (sale_id, sku, stripe, token, holder, row)
  WHERE stock.sale_id = given.sale_id AND stock.sku = given.sku AND stock.stripe = given.stripe
    AND (fence_token < given.token OR fence_token = given.token AND fence_holder = given.holder)
  RETURNING given.row::int, available, version`;

/** Sells from several rows, as SELL_SQL does from one. Cheaper than a statement for each, but dearer for a single row. */
// Parameters, each an array: sales, SKUs, stripes, units, `available` as read, tokens, holders, seconds until a reservation expires,
// versions as read; of all orders: ids, buyers, quantities, reasons, Idempotency-Keys, times of acceptance, numbers of their rows.
export const SELL_ROWS_SQL = `
  WITH given AS (
    SELECT * FROM unnest(
      $1::uuid[], $2::text[], $3::smallint[], $4::int[], $5::int[], $6::bigint[], $7::text[], $8::int[], $9::bigint[]
    ) WITH ORDINALITY AS given (sale_id, sku, stripe, units, before, token, holder, ttl, was, row)
  ), written AS (
    UPDATE stock SET available = given.before - given.units, version = stock.version + 1
    FROM given
    WHERE stock.sale_id = given.sale_id AND stock.sku = given.sku AND stock.stripe = given.stripe
      AND stock.version = given.was AND fence_token = given.token AND fence_holder = given.holder
    RETURNING given.*, stock.available AS after, stock.version
  ), settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at, expires_at)
    SELECT written.sale_id, written.sku, o.id, o.buyer_id, o.quantity,
           CASE WHEN o.reason IS NULL THEN 'reserved' ELSE 'rejected' END, o.reason,
           o.idempotency_key, to_timestamp(o.accepted_at / 1000),
           CASE WHEN o.reason IS NULL THEN clock_timestamp() + make_interval(secs => written.ttl) END
    FROM written JOIN
      unnest($10::uuid[], $11::text[], $12::int[], $13::text[], $14::text[], $15::float8[], $16::int[])
        AS o (id, buyer_id, quantity, reason, idempotency_key, accepted_at, row) USING (row)
    RETURNING id
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) SELECT 'settled', array_agg(id) FROM settled HAVING count(*) > 0
  ), moved AS (
    INSERT INTO stock_movements (sale_id, sku, stripe, version, units, before, after, token, holder)
    SELECT sale_id, sku, stripe, version, units, before, after, token, holder FROM written
  )
  SELECT row::int, after AS available FROM written`;
