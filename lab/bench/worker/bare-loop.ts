import type { OrderRequest } from '@app/orders';
import type { Pool } from 'pg';
import type { Settler } from './ways-to-settle.js';

/**
 * The rows that a committed batch consists of, in one statement, and nothing else: no lock, no queue, no read, no decision.
 * The stock is decremented in place, so that processes that commit freely lose no update.
 */
const COMMIT_SQL = `
  WITH written AS (
    UPDATE stock SET available = available - cardinality($3::uuid[]), version = version + 1
    WHERE sale_id = $1 AND sku = $2 RETURNING available, version
  ), settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, idempotency_key, accepted_at)
    SELECT $1, $2, o.id, o.buyer_id, 1, 'reserved', o.idempotency_key, to_timestamp(o.accepted_at / 1000)
    FROM unnest($3::uuid[], $4::text[], $5::text[], $6::float8[]) AS o (id, buyer_id, idempotency_key, accepted_at)
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) VALUES ('settled', $3)
  )
  INSERT INTO stock_movements (sale_id, sku, version, units, before, after)
  SELECT $1, $2, version, cardinality($3), available + cardinality($3), available FROM written`;

/** The limit of the machine: one connection that commits batch after batch, all parameters made beforehand. */
export function bareLoop(pool: Pool, batchSize: number): Settler {
  return {
    prepare(orders) {
      const batches = Array.from({ length: Math.ceil(orders.length / batchSize) }, (_, i) =>
        valuesOf(orders.slice(i * batchSize, (i + 1) * batchSize)),
      );
      return async () => {
        const connection = await pool.connect();
        for (const values of batches) await connection.query({ name: 'bare', text: COMMIT_SQL, values });
        connection.release();
      };
    },
    close: async () => undefined,
  };
}

/** Of orders for one unit each. */
function valuesOf(orders: readonly OrderRequest[]): unknown[] {
  const { saleId, sku } = orders[0]!;
  return [
    saleId,
    sku,
    orders.map(({ orderId }) => orderId),
    orders.map(({ buyerId }) => buyerId),
    orders.map(({ idempotencyKey }) => idempotencyKey),
    orders.map(({ acceptedAt }) => acceptedAt),
  ];
}
