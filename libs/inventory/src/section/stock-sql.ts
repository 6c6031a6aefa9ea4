import type { StockWrite } from '../strategies.js';
import { FOUND, FREED, GIVEN, HOLD_RETURNS_SQL, IF_FOUND } from './unit-sql.js';

/** `fenced` is read-modify-write under a lease that has a fencing token. */
export type StockWriteMode = StockWrite | 'fenced';

/** Whether the write takes from what is there, whatever was read. */
export const takesUnread = (mode: StockWriteMode) =>
  mode === 'conditional' || mode === 'unchecked' || mode === 'skip-locked';

/** Parameters: sale, SKU, stripe; for `fenced` also the token and the holder of the lease. */
export const READ_SQL: Record<StockWriteMode, string> = {
  'read-modify-write': `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`,
  version: `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`,
  serializable: `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`,
  conditional: `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`,
  unchecked: `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`,
  // The row knows nothing of its units.
  'skip-locked': `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`,
  'row-lock': `
    SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`,
  // The read raises the fence. If only the write did, a stale holder could commit in between, and its update would be lost.
  fenced: `
    UPDATE stock SET fence_token = $4, fence_holder = $5
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3
      AND (fence_token < $4 OR fence_token = $4 AND fence_holder = $5)
    RETURNING available, version`,
};

/** Parameters: sale, SKU, stripe. */
export const FENCE_SQL = 'SELECT fence_token FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3';

/**
 * Takes units from the row. Returns no row where the `WHERE` refuses.
 * Parameters: sale, SKU, stripe, units, `available` as read, token, holder; for `version` and `fenced` the version as read ($15).
 */
const TAKE_SQL: Record<StockWriteMode, string> = {
  // Overwrites the row with what was computed. Unless a lock keeps others away, this is what oversells.
  'read-modify-write': `
    UPDATE stock SET available = $5::int - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3
    RETURNING available, version`,
  // The same, while this transaction has the row locked.
  'row-lock': `
    UPDATE stock SET available = $5::int - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3
    RETURNING available, version`,
  // Only if nobody has written since it was read.
  version: `
    UPDATE stock SET available = $5::int - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3 AND version = $15
    RETURNING available, version`,
  // Overwrites it, too: Postgres refuses the transaction (40001) if another one has written the row since this one's snapshot.
  serializable: `
    UPDATE stock SET available = $5::int - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3
    RETURNING available, version`,
  // Only if there is enough, whatever was read.
  conditional: `
    UPDATE stock SET available = available - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3 AND available >= $4::int
    RETURNING available, version`,
  // Whatever is left: somebody else has counted.
  unchecked: `
    UPDATE stock SET available = available - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3
    RETURNING available, version`,
  // Rows of their own, and not this one: those who sell different units wait for nothing.
  'skip-locked': IF_FOUND,
  // Only if no newer lease has raised the fence, and the row is as it was left: a failover of Postgres may have undone a write of this
  // lease, and not its fence.
  fenced: `
    UPDATE stock SET available = $5::int - $4::int, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3 AND version = $15 AND fence_token = $6 AND fence_holder = $7
    RETURNING available, version`,
};

/**
 * Writes the stock, its movement, the orders and their events in one statement: one transaction, one round trip. If the row refuses,
 * nothing is written. The movement has the version that the row got: it tells the order of commits, as no sequence of several nodes does.
 */
const sellSql = (take: string, { found = '', given = '', returning = '' } = {}) => `
  WITH ${found}written AS (${take}${given}
  ), settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at, expires_at)
    SELECT $1, $2, o.id, o.buyer_id, o.quantity,
           CASE WHEN o.reason IS NULL THEN 'reserved' ELSE 'rejected' END, o.reason,
           o.idempotency_key, to_timestamp(o.accepted_at / 1000),
           CASE WHEN o.reason IS NULL THEN clock_timestamp() + make_interval(secs => $8::int) END
    FROM written, unnest($9::uuid[], $10::text[], $11::int[], $12::text[], $13::text[], $14::float8[])
      AS o (id, buyer_id, quantity, reason, idempotency_key, accepted_at)
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) SELECT 'settled', $9::uuid[] FROM written WHERE cardinality($9::uuid[]) > 0
  )
  INSERT INTO stock_movements (sale_id, sku, stripe, version, units, before, after, token, holder)
  SELECT $1, $2, $3, version, $4::int, coalesce($5::int, available + $4::int), available, $6::bigint, $7::text FROM written
  ${returning}`;

/**
 * Parameters: sale, SKU, stripe, units, `available` as read, token, holder, seconds until a reservation expires; of the orders: ids,
 * buyers, quantities, reasons, Idempotency-Keys, times of acceptance; for `version` and `fenced` the version as read.
 */
export const SELL_SQL: Record<StockWriteMode, string> = {
  ...byMode(TAKE_SQL, (take) => sellSql(take)),
  // The other modes overwrite what was read, so they know what is left; a result costs some 2 % of the statement.
  conditional: sellSql(TAKE_SQL.conditional, { returning: 'RETURNING after AS available' }),
  unchecked: sellSql(TAKE_SQL.unchecked, { returning: 'RETURNING after AS available' }),
  'skip-locked': sellSql(TAKE_SQL['skip-locked'], { found: FOUND, given: GIVEN }),
};

/** A refunded order whose units are to come back and are not back yet. */
export const IS_TO_RESTOCK = `orders.status = 'refunded' AND orders.restock AND orders.restocked_at IS NULL`;

/** An order whose units are to be restocked: also a reservation whose time is over. */
export const IS_DUE = `(orders.status = 'reserved' AND orders.expires_at <= clock_timestamp() OR ${IS_TO_RESTOCK})`;

/**
 * Locks the row before its orders, as a sale does, so that the two never deadlock. Returns no row where the `WHERE` refuses.
 * Parameters: sale, SKU, stripe, order ids, token, holder; for `version` the version as read.
 */
const ENTER_SQL: Record<StockWriteMode, string> = {
  'read-modify-write': `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`,
  'row-lock': `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`,
  version: `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 AND version = $7 FOR UPDATE`,
  serializable: `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`,
  conditional: `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`,
  unchecked: `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`,
  'skip-locked': HOLD_RETURNS_SQL,
  fenced: `
    SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 AND fence_token = $5 AND fence_holder = $6 FOR UPDATE`,
};

/** What restocked units are added to: the value as read, which is stale if nothing keeps others away, or the row's own. */
const ADD_TO: Record<StockWriteMode, string> = {
  'read-modify-write': '$7::int',
  'row-lock': 'stock.available',
  version: 'stock.available',
  serializable: 'stock.available',
  conditional: 'stock.available',
  unchecked: 'stock.available',
  'skip-locked': 'NULL',
  fenced: 'stock.available',
};

/**
 * Ends the given orders that are due and restocks their units, in one statement. If two try to end the same order, or one
 * to pay it, whoever locks the order's row first wins. They are found by their ids: for IS NOT DISTINCT FROM there is no index, which
 * Postgres would read in full for a sale that is larger than it thinks.
 */
const restockSql = (enter: string, addTo: string, freed = '') => `
  WITH entered AS (${enter}
  ), due AS (
    SELECT orders.id FROM entered, orders
    WHERE orders.id = ANY ($4::uuid[]) AND (orders.sale_id, orders.sku) IS NOT DISTINCT FROM ($1::uuid, $2::text) AND ${IS_DUE}
    ORDER BY orders.id FOR UPDATE OF orders
  ), ended AS (
    UPDATE orders SET
      status = CASE WHEN status = 'refunded' THEN status WHEN cancel_requested THEN 'cancelled' ELSE 'expired' END,
      ended_at = coalesce(ended_at, clock_timestamp()), restocked_at = clock_timestamp()
    FROM due WHERE orders.id = due.id
    RETURNING orders.id, orders.status, orders.quantity${freed}
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) SELECT status, array_agg(id) FROM ended WHERE status <> 'refunded' GROUP BY status
  ), back AS (
    SELECT sum(quantity)::int AS units FROM ended
  ), written AS (
    UPDATE stock SET available = ${addTo} + back.units, version = stock.version + 1
    FROM back
    WHERE sale_id = $1 AND sku = $2 AND stripe = $3 AND back.units > 0
    RETURNING back.units, stock.available, stock.version
  ), moved AS (
    INSERT INTO stock_movements (sale_id, sku, stripe, version, units, before, after, token, holder)
    SELECT $1, $2, $3, version, -units, available - units, available, $5::bigint, $6::text FROM written
  )
  SELECT EXISTS (SELECT FROM entered) AS entered, (SELECT version FROM written) AS version,
    coalesce((SELECT units FROM written), 0) AS units,
    (SELECT coalesce(json_agg(json_build_object('orderId', id, 'status', status)), '[]') FROM ended) AS ended`;

/** Parameters: those of ENTER_SQL; for `read-modify-write` `available` as read. Returns whether the row let it in, and what ended. */
export const RESTOCK_SQL = {
  ...byMode(ENTER_SQL, (enter, mode) => restockSql(enter, ADD_TO[mode])),
  'skip-locked': restockSql(ENTER_SQL['skip-locked'], ADD_TO['skip-locked'], FREED),
};

/** Which of the given orders were settled before: jobs are delivered at least once. */
export const SETTLED_SQL = 'SELECT id, reason FROM orders WHERE id = ANY ($1::uuid[])';

/** Locks buyers, so that sections of other SKUs wait to sell to them. Sorted, so that nobody deadlocks. */
export const LOCK_BUYERS_SQL = `
  SELECT pg_advisory_xact_lock(key)
  FROM (SELECT DISTINCT hashtextextended($1 || buyer, 0) AS key FROM unnest($2::text[]) AS buyer ORDER BY key) AS keys`;

/** Units that these buyers hold or have paid in the sale. Parameters: sale, buyers. One by one, so that it never reads all that was sold. */
export const HELD_SQL = `
  SELECT buyer_id, units FROM (SELECT DISTINCT unnest($2::text[])) AS asked (buyer_id), LATERAL (
    SELECT sum(quantity)::float8 AS units FROM orders
    WHERE orders.sale_id = $1 AND orders.buyer_id = asked.buyer_id AND status IN ('reserved', 'paid')
  ) AS held WHERE units IS NOT NULL`;

function byMode(
  parts: Record<StockWriteMode, string>,
  whole: (part: string, mode: StockWriteMode) => string,
): Record<StockWriteMode, string> {
  const entries = Object.entries(parts) as [StockWriteMode, string][];
  return Object.fromEntries(entries.map(([mode, part]) => [mode, whole(part, mode)])) as typeof parts;
}
