/** Where each unit has a row of its own, `stock.available` is null. */

/** What is left of a stock row that the statement names `stock`. */
export const AVAILABLE = `coalesce(stock.available, (
  SELECT count(*)::int FROM units WHERE units.sale_id = stock.sale_id AND units.sku = stock.sku AND units.order_id IS NULL
))`;

/** Free units of a SKU. The order leads to the index that has the free ones side by side, however many are taken. */
const FREE = `
      SELECT id FROM units WHERE sale_id = $1 AND sku = $2 AND order_id IS NULL ORDER BY order_id`;

/** By their key: Postgres expects many to be found, and would rather read the rows of all sales. */
const IS_FOUND = 'units.id = ANY (ARRAY(SELECT id FROM found))';

/**
 * Finds so many free units, skipping those that other transactions hold. To be followed by {@link IF_FOUND}.
 * Parameters: sale, SKU, how many ($4).
 */
export const FOUND = `
  found AS MATERIALIZED (
    SELECT id, row_number() OVER () AS nth FROM (${FREE} LIMIT $4::int FOR UPDATE SKIP LOCKED) AS free
  ), `;

/** A row if enough were found. There is neither a version nor a number of units that are left: others take theirs meanwhile. */
export const IF_FOUND = `
    SELECT NULL::int AS available, NULL::bigint AS version WHERE (SELECT count(*) FROM found) = $4`;

/** Gives the units found to the orders: each gets as many as it wants. */
export const GIVEN = `
  ), wanted AS (
    SELECT o.id, row_number() OVER () AS nth
    FROM unnest($9::uuid[], $11::int[], $12::text[]) AS o (id, quantity, reason), generate_series(1, o.quantity)
    WHERE o.reason IS NULL
  ), given AS (
    UPDATE units SET order_id = wanted.id FROM written, found JOIN wanted USING (nth)
    WHERE ${IS_FOUND} AND units.id = found.id`;

/** Frees the units of orders that ended. */
export const FREED = `
  ), freed AS (
    UPDATE units SET order_id = NULL FROM ended WHERE sale_id = $1 AND units.sku = $2 AND units.order_id = ended.id`;

/** While this transaction has the stock row, no unit comes back and none is added. Parameters: sale, SKU, stripe. */
export const HOLD_RETURNS_SQL = `
  SELECT FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3 FOR UPDATE`;

/**
 * Waits for whoever holds a free unit, and locks all that are free then. In a statement of its own after {@link HOLD_RETURNS_SQL}:
 * a statement does not see what was committed after it began. Parameters: sale, SKU, stripe.
 */
export const LAST_UNITS_SQL = `
  SELECT version, (SELECT count(*)::int FROM (${FREE} FOR UPDATE) AS free) AS available
  FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3`;

/** Parameters: sale, SKU, how many. */
export const ADD_UNITS_SQL = `
  INSERT INTO units (sale_id, sku) SELECT $1, $2 FROM generate_series(1, $3::int)`;

/** Takes free units away, or none if there are too few; waits for those that others hold. Parameters: sale, SKU, how many. */
export const REMOVE_UNITS_SQL = `
  WITH found AS MATERIALIZED (${FREE} LIMIT $3::int FOR UPDATE)
  DELETE FROM units WHERE ${IS_FOUND} AND (SELECT count(*) FROM found) = $3`;
