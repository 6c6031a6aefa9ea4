/**
 * Changes something and tells in the trail which admin did it, in one statement. What changes nothing is not told. The change returns a
 * webhook, and the orders whose events it is about.
 */
const told = (action: string, admin: `$${number}`, change: string) => `
  WITH changed (webhook_id, order_id) AS (${change}), told AS (
    INSERT INTO admin_actions (admin, action, order_id, details)
    SELECT ${admin}, '${action}', CASE WHEN count(order_id) = 1 THEN (array_agg(order_id))[1] END,
      jsonb_strip_nulls(jsonb_build_object('webhookId', webhook_id, 'orders', nullif(count(order_id), 0)))
    FROM changed GROUP BY webhook_id
  ) SELECT FROM changed`;
const NO_ORDER = 'NULL::uuid';

/** Parameters: id, URL, secret, types, after which number it begins (null: with what is new), admin. Returns no row for a number outside. */
export const CREATE_SQL = told(
  'create-webhook',
  '$6',
  `INSERT INTO webhooks (id, url, secrets, types, position)
   SELECT $1, $2, ARRAY[$3], $4::text[], coalesce($5::bigint, last_number) FROM feed
   WHERE coalesce($5::bigint, last_number) BETWEEN deleted_through AND last_number
   RETURNING id, ${NO_ORDER}`,
);

/** All webhooks, or one. Parameter: which, or null. */
export const LIST_SQL = `
  SELECT id, url, types, created_at AS "createdAt", position::float8, (last_number - position)::float8 AS behind,
    failed_rounds > 0 AS failing,
    coalesce(extract(epoch FROM clock_timestamp() - least(oldest.at, refused.at)), 0)::float8 AS "lagSeconds",
    (SELECT count(*) FROM held_events WHERE webhook_id = id AND NOT dead)::int AS held,
    (SELECT count(*) FROM held_events WHERE webhook_id = id AND dead)::int AS dead
  FROM (SELECT last_number FROM feed LIMIT 1) AS feed CROSS JOIN webhooks
    LEFT JOIN LATERAL (
      SELECT at FROM outbox WHERE outbox.last_number > position ORDER BY outbox.last_number LIMIT 1
    ) AS oldest ON true
    LEFT JOIN LATERAL (
      SELECT min((events -> 0 ->> 'at')::timestamptz) AS at FROM held_events WHERE webhook_id = id AND NOT dead
    ) AS refused ON true
  WHERE $1::uuid IS NULL OR id = $1
  ORDER BY created_at`;

/** Parameters: webhook, admin. */
export const REMOVE_SQL = told(
  'remove-webhook',
  '$2',
  `DELETE FROM webhooks WHERE id = $1 RETURNING id, ${NO_ORDER}`,
);

/** The new secret signs besides the newest of the others. Parameters: webhook, secret, admin. */
export const ROTATE_SQL = told(
  'change-webhook-secret',
  '$3',
  `UPDATE webhooks SET secrets = ARRAY[$2, secrets[1]] WHERE id = $1 RETURNING id, ${NO_ORDER}`,
);

/** Parameters: webhook, most orders. */
export const DEAD_SQL = `
  SELECT order_id AS "orderId", events, attempts, error FROM held_events
  WHERE webhook_id = $1 AND dead ORDER BY due_at DESC LIMIT $2`;

/** Parameters: webhook, order (null: all), admin. */
export const REVIVE_SQL = told(
  'retry-events',
  '$3',
  `UPDATE held_events SET dead = false, attempts = 0, due_at = clock_timestamp()
   WHERE webhook_id = $1 AND dead AND ($2::uuid IS NULL OR order_id = $2)
   RETURNING webhook_id, order_id`,
);

/** Parameters: webhook, order, admin. */
export const DISCARD_SQL = told(
  'discard-events',
  '$3',
  'DELETE FROM held_events WHERE webhook_id = $1 AND order_id = $2 AND dead RETURNING webhook_id, order_id',
);

/** For how many seconds the oldest event has waited to be published. */
export const UNPUBLISHED_SQL = `
  SELECT coalesce((
    SELECT extract(epoch FROM clock_timestamp() - at) FROM outbox WHERE last_number IS NULL ORDER BY id LIMIT 1
  ), 0)::float8 AS seconds`;
