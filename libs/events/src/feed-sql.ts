/** Most rows of the outbox published, or deleted, at a time. */
export const MOST_ROWS = 1_000;

/**
 * Gives the oldest unpublished rows their numbers in the feed. If somebody else has published since this statement began, it changes
 * nothing: what it saw is out of date. So numbers have no gap, and whoever sees a number sees all below it.
 */
// An event that follows another of its order was written by a statement that saw the other one's commit, so its row has a higher id,
// and nobody sees it without the other one: events of an order are numbered in their order.
export const PUBLISH_SQL = `
  WITH oldest AS (
    SELECT id, cardinality(order_ids) AS events FROM outbox WHERE last_number IS NULL ORDER BY id LIMIT ${MOST_ROWS}
  ), fresh AS (
    SELECT id, sum(events) OVER (ORDER BY id) AS nth FROM oldest
  ), known AS MATERIALIZED (
    SELECT last_number FROM feed
  ), turn AS (
    UPDATE feed SET last_number = feed.last_number + more.events
    FROM known, (SELECT sum(events) AS events FROM oldest) AS more
    WHERE feed.last_number = known.last_number AND more.events > 0
    RETURNING known.last_number
  )
  UPDATE outbox SET last_number = turn.last_number + fresh.nth
  FROM turn, fresh WHERE outbox.id = fresh.id AND outbox.last_number IS NULL`;

/** The type of an event. A settled order's reason never changes. */
const TYPE = `'order.' || CASE WHEN kind <> 'settled' THEN kind WHEN reason IS NULL THEN 'reserved' ELSE 'rejected' END`;

/**
 * The events after a number, and how far the feed goes. Parameters: the number (null: where the feed begins), most events.
 * A row without an event says that there is none.
 */
export const READ_SQL = `
  WITH span AS (
    SELECT last_number, deleted_through, coalesce($1::bigint, deleted_through) AS after
    FROM feed LIMIT 1 -- it has no more, but Postgres may think so, and compile a plan that would pay off then
  )
  SELECT span.last_number::float8 AS last, deleted_through::float8 AS deleted, after::float8, event.*
  FROM span LEFT JOIN LATERAL (
    SELECT (outbox.last_number - cardinality(order_ids) + nth)::float8 AS number, ${TYPE} AS type, at, told.*
    FROM outbox CROSS JOIN unnest(order_ids) WITH ORDINALITY AS each (order_id, nth) CROSS JOIN LATERAL (
      SELECT id AS "orderId", sale_id AS "saleId", sku, quantity, buyer_id AS "buyerId", reason
      FROM orders WHERE id = order_id OFFSET 0 -- by its key: a plan made while there were few would read all
    ) AS told
    WHERE outbox.last_number > after
      AND outbox.last_number <= (
        SELECT min(last_number) FROM outbox WHERE last_number >= least(after + $2::int, span.last_number)
      )
      AND outbox.last_number - cardinality(order_ids) + nth BETWEEN after + 1 AND after + $2::int
  ) AS event ON true
  ORDER BY number`;

/**
 * Deletes the oldest rows that are old enough and that every webhook has behind it. Parameter: how many hours rows are kept.
 */
export const TRIM_SQL = `
  WITH oldest AS (
    SELECT last_number, at FROM outbox WHERE last_number IS NOT NULL ORDER BY last_number LIMIT ${MOST_ROWS}
  ), old AS (
    SELECT max(last_number) AS through FROM oldest
    WHERE at < clock_timestamp() - make_interval(hours => $1)
      AND last_number <= coalesce((SELECT min(position) FROM webhooks), last_number)
  ), kept AS (
    UPDATE feed SET deleted_through = through FROM old WHERE through > deleted_through
  )
  DELETE FROM outbox USING old WHERE last_number <= through`;
