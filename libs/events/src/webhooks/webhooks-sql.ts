/** Parameters: id, URL, secret, types, after which number it begins (null: with what is new). Returns no row for a number outside. */
export const CREATE_SQL = `
  INSERT INTO webhooks (id, url, secrets, types, position)
  SELECT $1, $2, ARRAY[$3], $4::text[], coalesce($5::bigint, last_number) FROM feed
  WHERE coalesce($5::bigint, last_number) BETWEEN deleted_through AND last_number
  RETURNING id`;

/** All webhooks, or one. Parameter: which, or null. */
export const LIST_SQL = `
  SELECT id, url, types, created_at AS "createdAt", position::float8, (last_number - position)::float8 AS behind,
    failed_rounds > 0 AS failing,
    coalesce(extract(epoch FROM clock_timestamp() - oldest.at), 0)::float8 AS "lagSeconds",
    (SELECT count(*) FROM held_events WHERE webhook_id = id AND NOT dead)::int AS held,
    (SELECT count(*) FROM held_events WHERE webhook_id = id AND dead)::int AS dead
  FROM (SELECT last_number FROM feed LIMIT 1) AS feed CROSS JOIN webhooks
    LEFT JOIN LATERAL (
      SELECT at FROM outbox WHERE outbox.last_number > position ORDER BY outbox.last_number LIMIT 1
    ) AS oldest ON true
  WHERE $1::uuid IS NULL OR id = $1
  ORDER BY created_at`;

export const REMOVE_SQL = 'DELETE FROM webhooks WHERE id = $1';

/** The new secret signs besides the newest of the others. Parameters: webhook, secret. */
export const ROTATE_SQL = 'UPDATE webhooks SET secrets = ARRAY[$2, secrets[1]] WHERE id = $1';

/** Parameters: webhook, most orders. */
export const DEAD_SQL = `
  SELECT order_id AS "orderId", events, attempts, error FROM held_events
  WHERE webhook_id = $1 AND dead ORDER BY due_at DESC LIMIT $2`;

/** Parameters: webhook, order (null: all). */
export const REVIVE_SQL = `
  UPDATE held_events SET dead = false, attempts = 0, due_at = clock_timestamp()
  WHERE webhook_id = $1 AND dead AND ($2::uuid IS NULL OR order_id = $2)`;

/** Parameters: webhook, order. */
export const DISCARD_SQL = 'DELETE FROM held_events WHERE webhook_id = $1 AND order_id = $2 AND dead';

/** For how many seconds the oldest event has waited to be published. */
export const UNPUBLISHED_SQL = `
  SELECT coalesce((
    SELECT extract(epoch FROM clock_timestamp() - at) FROM outbox WHERE last_number IS NULL ORDER BY id LIMIT 1
  ), 0)::float8 AS seconds`;
