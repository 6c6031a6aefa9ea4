import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';

const SETTLE_SQL = `
  WITH settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, idempotency_key, accepted_at)
    SELECT $1, 'hot', id, id::text, 1, 'reserved', 'key', clock_timestamp() FROM unnest($2::uuid[]) AS id
    RETURNING id
  )
  INSERT INTO outbox (kind, order_ids) SELECT 'settled', array_agg(id) FROM settled HAVING count(*) > 0`;

const PAY_SQL = `
  WITH paid AS (
    UPDATE orders SET status = 'paid' WHERE id = ANY ($1::uuid[]) AND status = 'reserved' RETURNING id
  )
  INSERT INTO outbox (kind, order_ids) SELECT 'paid', array_agg(id) FROM paid HAVING count(*) > 0`;

/** Orders with their events, written as sections and payments do, without stock. */
export class WrittenOrders {
  readonly saleId = randomUUID();

  constructor(private readonly pool: Pool) {}

  /** Resolves to the ids of new reserved orders. */
  async reserve(count: number, by: Pool | PoolClient = this.pool): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    await by.query(SETTLE_SQL, [this.saleId, ids]);
    return ids;
  }

  async pay(ids: readonly string[], by: Pool | PoolClient = this.pool): Promise<void> {
    await by.query(PAY_SQL, [ids]);
  }
}
