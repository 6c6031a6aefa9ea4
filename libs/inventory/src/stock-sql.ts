import type { StockWrite } from './strategies.js';

/** `fenced` is read-modify-write under a lease that has a fencing token. */
export type StockWriteMode = StockWrite | 'fenced';

const READ = 'SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3';

/** Parameters: sale, SKU, stripe. For `fenced`, of each of the rows: these, and the token and holder of its lease. */
export const READ_SQL: Record<StockWriteMode, string> = {
  'read-modify-write': READ,
  version: READ,
  conditional: READ,
  'row-lock': `${READ} FOR UPDATE`,
  // The first read of a lease shuts out every older one: a stale holder can no longer commit between this read and the
  // write that follows, an update that checking the token in the write alone would lose.
  // It need not wait for the disk: a crash of the server that undoes the raise makes the write find another fence.
  fenced: `
    UPDATE stock SET fence_token = given.token, fence_holder = given.holder
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS this_statement_only,
      unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[], $5::text[])
        WITH ORDINALITY AS given (sale_id, sku, stripe, token, holder, row)
    WHERE stock.sale_id = given.sale_id AND stock.sku = given.sku AND stock.stripe = given.stripe
      AND (fence_token < given.token OR fence_token = given.token AND fence_holder = given.holder)
    RETURNING given.row::int, available, version`,
};

/** All stripes at one moment: a snapshot is one however they change. In their order. Parameters: sale, SKU. */
export const READ_STRIPES_SQL =
  'SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 ORDER BY stripe';

/**
 * Rejects the orders if nothing is left in any stripe, all seen at one moment. Returns what is left, and the versions of the stripes.
 * Parameters: sale, SKU; of the orders: ids, buyers, quantities, Idempotency-Keys, times of acceptance.
 */
export const REJECT_SOLD_OUT_SQL = `
  WITH whole AS (
    SELECT sum(available)::float8 AS available, array_agg(version ORDER BY stripe) AS versions
    FROM stock WHERE sale_id = $1 AND sku = $2
  ), rejected AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
    SELECT $1, $2, o.id, o.buyer_id, o.quantity, 'rejected', 'SOLD_OUT', o.idempotency_key,
           to_timestamp(o.accepted_at / 1000)
    FROM whole, unnest($3::uuid[], $4::text[], $5::int[], $6::text[], $7::float8[])
      AS o (id, buyer_id, quantity, idempotency_key, accepted_at)
    WHERE whole.available <= 0
  )
  SELECT available, versions FROM whole`;

/** A reservation whose time is over and whose units have not come back. */
const IS_DUE = `orders.status = 'reserved' AND orders.expires_at <= clock_timestamp()`;

interface WriteClauses {
  readonly set: string;
  readonly guard: string;
  readonly before: string;
  /** What the write of one row returns: a result costs some 2 % of the statement. */
  readonly returning: string;
}

// Who overwrites what was read knows what is then available.
const overwrite = { set: 'given.available - given.units', guard: 'true', before: 'available', returning: '' };

const CLAUSES: Record<StockWriteMode, WriteClauses> = {
  'read-modify-write': overwrite,
  'row-lock': overwrite,
  fenced: { ...overwrite, guard: 'stock.fence_token = given.token AND stock.fence_holder = given.holder' },
  version: { ...overwrite, guard: 'stock.version = given.version' },
  conditional: {
    set: 'stock.available - given.units',
    guard: 'stock.available >= given.units',
    before: 'after + units',
    returning: 'RETURNING after AS available',
  },
};

const movementSql = (before: string) => `
    INSERT INTO stock_movements (sale_id, sku, stripe, units, before, after, token, holder)
    SELECT sale_id, sku, stripe, units, ${before}, after, token, holder FROM written`;

/** How the rows and orders of a write are given, from the parameters that follow each other in this order. */
interface Shape {
  readonly given: string;
  readonly orders: string;
}

const ONE_ROW: Shape = {
  given: `(SELECT $1::uuid AS sale_id, $2::text AS sku, $3::smallint AS stripe, $4::bigint AS token, $5::text AS holder,
                 $6::int AS units, $7::int AS available, $8::bigint AS version, $9::int AS ttl) AS given`,
  orders: `written,
      unnest($10::uuid[], $11::text[], $12::int[], $13::text[], $14::text[], $15::float8[])
        AS o (id, buyer_id, quantity, reason, idempotency_key, accepted_at)`,
};
/** An array for each property of the rows; each order names its row by number. */
const SEVERAL_ROWS: Shape = {
  given: `unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[], $5::text[], $6::int[], $7::int[], $8::bigint[],
                $9::int[])
      WITH ORDINALITY AS given (sale_id, sku, stripe, token, holder, units, available, version, ttl, row)`,
  orders: `written JOIN
      unnest($10::uuid[], $11::text[], $12::int[], $13::text[], $14::text[], $15::float8[], $16::int[])
        AS o (id, buyer_id, quantity, reason, idempotency_key, accepted_at, row) USING (row)`,
};

/**
 * Stock and orders, and `end`, which writes the movement: in one statement, hence in one transaction and one round trip. Where the
 * guard refused, nothing at all is written for that row. The movement reads the stock's new row, so its id is drawn while
 * that row is locked: ids are in commit order.
 */
const writeSql = ({ set, guard }: WriteClauses, { given, orders }: Shape, end: string) => `
  WITH written AS (
    UPDATE stock SET available = ${set}, version = stock.version + 1
    FROM ${given}
    WHERE stock.sale_id = given.sale_id AND stock.sku = given.sku AND stock.stripe = given.stripe AND ${guard}
    RETURNING given.*, stock.available AS after
  ), settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at, expires_at)
    SELECT written.sale_id, written.sku, o.id, o.buyer_id, o.quantity,
           CASE WHEN o.reason IS NULL THEN 'reserved' ELSE 'rejected' END, o.reason,
           o.idempotency_key, to_timestamp(o.accepted_at / 1000),
           CASE WHEN o.reason IS NULL THEN clock_timestamp() + make_interval(secs => written.ttl) END
    FROM ${orders}
  )${end}`;

/**
 * Ends the reservations of these that are due, and gives their units back, in one statement like a write. Of two that end the
 * same order, or of this and a payment, the one that has the order's row first wins. Locks the stock row before the orders, as
 * a write does, and these in the order of their ids: nobody waits in a circle.
 * Returns whether the guard let it pass, the row's version once units came back, and the orders that ended.
 */
const releaseSql = ({ set, guard, before }: WriteClauses) => `
  WITH asked AS (
    SELECT $1::uuid AS sale_id, $2::text AS sku, $3::bigint AS token, $4::text AS holder,
           0 AS units, $5::int AS available, $6::bigint AS version, $7::smallint AS stripe
  ), entered AS (
    SELECT stock.available
    FROM stock, asked AS given
    WHERE stock.sale_id = given.sale_id AND stock.sku = given.sku AND stock.stripe = given.stripe AND ${guard}
    FOR UPDATE OF stock
  ), due AS (
    SELECT orders.id FROM entered, asked, orders
    WHERE orders.id = ANY ($8::uuid[]) AND orders.sale_id = asked.sale_id AND orders.sku = asked.sku AND ${IS_DUE}
    ORDER BY orders.id FOR UPDATE OF orders
  ), ended AS (
    UPDATE orders SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'expired' END
    FROM due WHERE orders.id = due.id
    RETURNING orders.id, orders.status, orders.quantity
  ), given AS (
    SELECT sale_id, sku, stripe, token, holder, available, version,
      (SELECT -coalesce(sum(quantity), 0)::int FROM ended) AS units
    FROM asked
  ), written AS (
    UPDATE stock SET available = ${set}, version = stock.version + 1
    FROM given
    WHERE stock.sale_id = given.sale_id AND stock.sku = given.sku AND stock.stripe = given.stripe AND given.units < 0
    RETURNING given.*, stock.available AS after, stock.version AS written_version
  ), moved AS (${movementSql(before)}
  )
  SELECT EXISTS (SELECT FROM entered) AS entered, coalesce((SELECT written_version FROM written), $6::bigint) AS version,
    (SELECT coalesce(json_agg(json_build_object('orderId', id, 'status', status)), '[]') FROM ended) AS ended`;

const byMode = (sql: (clauses: WriteClauses) => string) =>
  Object.fromEntries(Object.entries(CLAUSES).map(([mode, clauses]) => [mode, sql(clauses)])) as Record<
    StockWriteMode,
    string
  >;

/**
 * Of one row: inserts one movement, or none where the guard refused. Only a conditional write returns what is then available.
 * Parameters: the row's properties; of its orders: ids, buyers, quantities, reasons, Idempotency-Keys, times of acceptance.
 */
export const WRITE_SQL = byMode((clauses) =>
  writeSql(clauses, ONE_ROW, `${movementSql(clauses.before)} ${clauses.returning}`),
);
/**
 * Of several rows, each under a fence: it is cheaper than as many statements, and dearer than one for a single row. Returns which
 * rows were written, by their number from 1, and what is then available.
 */
export const WRITE_ROWS_SQL = writeSql(
  CLAUSES.fenced,
  SEVERAL_ROWS,
  `, moved AS (${movementSql(CLAUSES.fenced.before)}
  )
  SELECT row::int, after AS available FROM written`,
);
/** Parameters: sale, SKU, token, holder; available and version as read; stripe; order ids. */
export const RELEASE_SQL = byMode(releaseSql);

/** Orders of these that were settled before: jobs are delivered at least once. */
export const SETTLED_SQL = 'SELECT id, reason FROM orders WHERE id = ANY ($1::uuid[])';

/** Makes whoever sells to the same buyers wait, also under the lock of another SKU. Sorted, so that nobody deadlocks. */
export const LOCK_BUYERS_SQL = `
  SELECT pg_advisory_xact_lock(key)
  FROM (SELECT DISTINCT hashtextextended($1 || buyer, 0) AS key FROM unnest($2::text[]) AS buyer ORDER BY key) AS keys`;

export const HELD_SQL = `
  SELECT buyer_id, sum(quantity)::float8 AS units FROM orders
  WHERE sale_id = $1 AND buyer_id = ANY ($2::text[]) AND status IN ('reserved', 'paid')
  GROUP BY buyer_id`;

export const FENCE_SQL = 'SELECT fence_token FROM stock WHERE sale_id = $1 AND sku = $2 AND stripe = $3';

/** Those of these orders that are due. Parameter: order ids. */
export const DUE_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE id = ANY ($1::uuid[]) AND ${IS_DUE}`;

/** Overdue orders looked at in one go: some 30 ms of Postgres. No parameter, of which it would expect far more than that. */
const STRETCH = 10_000;

/**
 * A stretch of the orders that are due for so many seconds, whoever forgot them, in the order in which they were: of each SKU
 * some, so that one whose orders cannot be given back does not stand before the others. By chance, so that workers do not all
 * take the same ones, and no order of a SKU stands before its others for ever. Returns with each where the stretch ends; nothing
 * there if it is the last one.
 * Parameters: seconds; how many at most of a SKU, and of all; when the last order of the stretch before was due, and its id.
 */
export const OVERDUE_SQL = `
  WITH stretch AS MATERIALIZED (
    SELECT id, sale_id, sku, expires_at FROM orders
    WHERE status = 'reserved' AND expires_at <= statement_timestamp() - make_interval(secs => $1)
      AND (expires_at, id) > ($4::timestamptz, $5::uuid)
    ORDER BY expires_at, id LIMIT ${STRETCH}
  ), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY sale_id, sku ORDER BY random()) AS nth FROM stretch
  ), ended AS (
    SELECT expires_at::text AS "dueAt", id FROM stretch ORDER BY expires_at, id OFFSET ${STRETCH - 1}
  )
  SELECT numbered.id AS "orderId", sale_id AS "saleId", sku, ended."dueAt", ended.id AS "lastId"
  FROM numbered LEFT JOIN ended ON true
  WHERE nth <= $2 ORDER BY nth, random() LIMIT $3`;
