import { lend, putBack } from '@app/servers';
import type { Pool } from 'pg';

/** In milliseconds. */
const LIMIT_MS = 1_500;

/** What sections write, of a sale that does not exist. */
const TRIAL = {
  query_timeout: LIMIT_MS,
  text: `
  BEGIN;
  WITH ordered AS (
    INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at)
    VALUES (gen_random_uuid(), gen_random_uuid(), '', '', 0, 'rejected', '', clock_timestamp())
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) VALUES ('settled', '{}')
  ), taken AS (
    UPDATE stock SET available = available, version = version, fence_token = fence_token WHERE false
  ), unit AS (
    UPDATE units SET order_id = order_id WHERE false
  )
  INSERT INTO stock_movements (sale_id, sku, units, before, after) VALUES (gen_random_uuid(), '', 0, 0, 0);
  ROLLBACK`,
};

/**
 * Whether Postgres takes the writes of a section. It may answer, and yet be read-only, out of disk or short of a permission. The
 * connection is left then: another one may reach another server.
 */
export async function takesWrites(pool: Pool): Promise<boolean> {
  try {
    const client = await lend(pool);
    let taken = false;
    try {
      await client.query(TRIAL);
      taken = true;
    } finally {
      putBack(client, !taken);
    }
    return true;
  } catch {
    return false; // the work that failed has logged why
  }
}
