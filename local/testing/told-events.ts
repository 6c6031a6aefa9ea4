import type { Pool } from 'pg';

/** What became of each order of a sale, and what its events say, in the order of the outbox. */
const TOLD_SQL = `
  SELECT id, status, coalesce(told, '{}') AS told
  FROM orders LEFT JOIN (
    SELECT order_id, array_agg(kind ORDER BY outbox.id) AS told
    FROM outbox, unnest(order_ids) AS order_id GROUP BY order_id
  ) AS events ON order_id = orders.id
  WHERE sale_id = $1`;

interface Told {
  readonly id: string;
  readonly status: string;
  readonly told: readonly string[];
}

/** What the outbox tells of a sale's orders. */
export async function toldOf(pool: Pick<Pool, 'query'>, saleId: string): Promise<Told[]> {
  return (await pool.query<Told>(TOLD_SQL, [saleId])).rows;
}

/** What leads to each state, without a step more or less. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  reserved: [],
  rejected: [],
  refunded: ['reserved', 'paid'],
};

/** The types of the events that an order in this state must have had. */
export const typesUntil = (status: string): string[] =>
  [...(BEFORE[status] ?? ['reserved']), status].map((step) => `order.${step}`);
