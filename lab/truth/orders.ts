import type { Client } from 'pg';

/** Of one order, in milliseconds since the epoch. */
export type Settlement = readonly [acceptedAt: number, settledAt: number];

const SETTLEMENTS_SQL = `
  SELECT extract(epoch FROM accepted_at)::float8 * 1000 AS accepted, extract(epoch FROM settled_at)::float8 * 1000 AS settled
  FROM orders WHERE sale_id = $1`;

/** When each order of a sale was accepted and settled, as Postgres has it. */
export async function settlementsIn(database: Client, saleId: string): Promise<Settlement[]> {
  const { rows } = await database.query<{ accepted: number; settled: number }>(SETTLEMENTS_SQL, [saleId]);
  return rows.map(({ accepted, settled }) => [accepted, settled]);
}

/** When the last order of a sale was settled, in milliseconds since the epoch. */
export async function lastSettledAt(database: Client, saleId: string): Promise<number> {
  const { rows } = await database.query<{ at: number }>(
    'SELECT extract(epoch FROM max(settled_at))::float8 * 1000 AS at FROM orders WHERE sale_id = $1',
    [saleId],
  );
  return rows[0]!.at;
}

/** The ids of these orders that Postgres does not have. */
export async function missingFrom(database: Client, orderIds: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM unnest($1::uuid[]) AS given (id) WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = given.id)',
    [orderIds],
  );
  return rows.map(({ id }) => id);
}

/** Orders that have not told each step of theirs, from being settled to its end, exactly once. */
const MISTOLD_SQL = `
  WITH told AS (
    SELECT id, count(kind) AS events, count(DISTINCT kind) AS steps
    FROM orders LEFT JOIN (SELECT kind, unnest(order_ids) AS order_id FROM outbox) AS event ON order_id = id
    WHERE sale_id = $1 GROUP BY id
  )
  SELECT count(*)::int AS mistold FROM told JOIN orders USING (id)
  WHERE events <> steps OR steps <> CASE WHEN status IN ('reserved', 'rejected') THEN 1 WHEN status = 'refunded' THEN 3 ELSE 2 END`;

/** How many orders of a sale have no event for what became of them, or too many. */
export async function mistoldOf(database: Client, saleId: string): Promise<number> {
  return (await database.query<{ mistold: number }>(MISTOLD_SQL, [saleId])).rows[0]!.mistold;
}
