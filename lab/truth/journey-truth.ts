import type { Client } from 'pg';

/** The stock at a moment: seconds since the first order, then units. */
export type JourneyPoint = readonly [seconds: number, available: number, held: number, sold: number];

/** What Postgres says about who paid and who did not, beyond what every sale has. Units. */
export interface JourneyTruth {
  /** Whatever became of them. */
  reservations: number;
  held: number;
  sold: number;
  expired: number;
  walkedAway: number;
  declined: number;
  charged: number;
  series: JourneyPoint[];
}

const ORDERS_SQL = `
  WITH tried AS (
    SELECT order_id, bool_or(payments.status = 'declined') AS declined,
      sum(charges.units) FILTER (WHERE charges.status = 'charged') AS charged
    FROM payments JOIN orders ON orders.id = order_id LEFT JOIN payment_provider.charges ON key = payments.id
    WHERE sale_id = $1 GROUP BY order_id
  )
  SELECT
    coalesce(sum(quantity) FILTER (WHERE status <> 'rejected'), 0)::float8 AS reservations,
    coalesce(sum(quantity) FILTER (WHERE status = 'reserved'), 0)::float8 AS held,
    coalesce(sum(quantity) FILTER (WHERE status = 'paid'), 0)::float8 AS sold,
    coalesce(sum(quantity) FILTER (WHERE status = 'expired'), 0)::float8 AS expired,
    coalesce(sum(quantity) FILTER (WHERE status = 'expired' AND order_id IS NULL), 0)::float8 AS "walkedAway",
    coalesce(sum(quantity) FILTER (WHERE status = 'expired' AND declined), 0)::float8 AS declined,
    coalesce(sum(charged), 0)::float8 AS charged
  FROM orders LEFT JOIN tried ON order_id = id WHERE sale_id = $1`;

/** A payment has no later time than that of its start; for a chart that is near enough. */
const SERIES_SQL = `
  WITH events AS (
    SELECT committed_at AS at, -units AS available, units AS held, 0 AS sold FROM stock_movements WHERE sale_id = $1
    UNION ALL
    SELECT started_at, 0, -units, units FROM payments JOIN orders ON orders.id = order_id
    WHERE sale_id = $1 AND payments.status = 'charged'
  )
  SELECT extract(epoch FROM at - (SELECT min(accepted_at) FROM orders WHERE sale_id = $1))::float8 AS seconds,
    $2 + sum(available) OVER so_far::float8 AS available, sum(held) OVER so_far::float8 AS held, sum(sold) OVER so_far::float8 AS sold
  FROM events WINDOW so_far AS (ORDER BY at ROWS UNBOUNDED PRECEDING) ORDER BY at`;

interface Moment {
  seconds: number;
  available: number;
  held: number;
  sold: number;
}

export async function readJourneyTruth(
  database: Client,
  saleId: string,
  initialStock: number,
): Promise<JourneyTruth> {
  const orders = await database.query<Omit<JourneyTruth, 'series'>>(ORDERS_SQL, [saleId]);
  const moments = await database.query<Moment>(SERIES_SQL, [saleId, initialStock]);
  const series = moments.rows.map(({ seconds, available, held, sold }): JourneyPoint => {
    return [seconds, available, held, sold];
  });
  return { ...orders.rows[0]!, series: [[0, initialStock, 0, 0], ...series] };
}

/** The least that was available at any moment from one second to another. */
export function leastAvailable(series: JourneyPoint[], from: number, to: number): number {
  const before = series.findLast(([seconds]) => seconds <= from);
  const during = series.filter(([seconds]) => seconds > from && seconds <= to);
  return Math.min(...[...(before ? [before] : []), ...during].map(([, available]) => available));
}
