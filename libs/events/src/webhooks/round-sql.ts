/**
 * Begins a turn at each webhook that has something to deliver, unless somebody else is at it. Parameters: how long a turn may take in
 * seconds, and which webhook, if only one.
 */
export const BEGIN_SQL = `
  UPDATE webhooks SET turn = turn + 1, busy_until = clock_timestamp() + make_interval(secs => $1)
  FROM (
    SELECT id FROM webhooks, feed
    WHERE busy_until <= clock_timestamp() AND ($2::uuid IS NULL OR id = $2)
      AND (position < last_number OR EXISTS (
        SELECT FROM held_events WHERE webhook_id = id AND NOT dead AND due_at <= clock_timestamp()
      ))
    FOR UPDATE OF webhooks SKIP LOCKED
  ) AS free
  WHERE webhooks.id = free.id
  RETURNING webhooks.id, url, secrets, types, position::float8, turn, failed_rounds AS "failedRounds"`;

/** Orders of which an event is to be tried again. Parameters: webhook, most orders. */
export const DUE_SQL = `
  SELECT order_id AS "orderId", events, attempts FROM held_events
  WHERE webhook_id = $1 AND NOT dead AND due_at <= clock_timestamp()
  ORDER BY due_at LIMIT $2`;

/** Which of these orders have events that were not accepted. Parameters: webhook, orders. */
export const HELD_SQL = `
  SELECT order_id AS "orderId" FROM held_events WHERE webhook_id = $1 AND order_id = ANY ($2::uuid[])`;

/**
 * Ends a turn: writes down what was accepted and what was not. Changes nothing if somebody else has begun another turn meanwhile; then
 * some events will come twice. An event joins those of its order that are held, also if these are dead.
 */
// Parameters: webhook, turn, position, rounds failed in a row, seconds to rest; orders that are done; of those that are held: ids,
// events, attempts, seconds until they are due, whether they are dead, errors; of those that join: ids, events.
export const END_SQL = `
  WITH mine AS (
    UPDATE webhooks SET position = $3, failed_rounds = $4, busy_until = clock_timestamp() + make_interval(secs => $5)
    WHERE id = $1 AND turn = $2 RETURNING id
  ), done AS (
    DELETE FROM held_events USING mine WHERE webhook_id = mine.id AND order_id = ANY ($6::uuid[])
  ), held AS (
    INSERT INTO held_events (webhook_id, order_id, events, attempts, due_at, dead, error)
    SELECT mine.id, order_id, events, attempts, clock_timestamp() + make_interval(secs => seconds), dead, error
    FROM mine, unnest($7::uuid[], $8::jsonb[], $9::int[], $10::float8[], $11::boolean[], $12::text[])
      AS given (order_id, events, attempts, seconds, dead, error)
    ON CONFLICT (webhook_id, order_id) DO UPDATE
    SET events = excluded.events, attempts = excluded.attempts, due_at = excluded.due_at, dead = excluded.dead,
      error = excluded.error
  ), joined AS (
    INSERT INTO held_events (webhook_id, order_id, events, attempts, due_at, dead)
    SELECT mine.id, order_id, events, 0, clock_timestamp(), false
    FROM mine, unnest($13::uuid[], $14::jsonb[]) AS given (order_id, events)
    ON CONFLICT (webhook_id, order_id) DO UPDATE SET events = held_events.events || excluded.events
  )
  SELECT FROM mine`;

/** After an outage nothing has to wait any longer. Parameter: webhook. */
export const HURRY_SQL =
  'UPDATE held_events SET due_at = clock_timestamp() WHERE webhook_id = $1 AND NOT dead';
