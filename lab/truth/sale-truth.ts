import type { Client } from 'pg';
import type { Percentiles } from '../statistics/percentiles.js';

/** The stock at a moment of a run: seconds since its first order, units available, units sold so far. */
export type Point = readonly [seconds: number, available: number, sold: number];

/** What Postgres says about a sale of one SKU, by SQL of the lab's own: it does not take the API's word for it. */
export interface SaleTruth {
  available: number;
  live: number;
  rejected: number;
  endedOrders: number;
  lostUpdates: number;
  ordersPerSecond: number;
  timeToTerminalMs: Percentiles;
  series: Point[];
}

/** A stock row without `available` has its units in rows of their own. */
const STOCK_SQL = `
  SELECT coalesce(available, (SELECT count(*)::int FROM units WHERE units.sale_id = $1 AND order_id IS NULL)) AS available
  FROM stock WHERE sale_id = $1`;

/** Orders that do not have the units that they should, where units have rows of their own. */
const MISPLACED_SQL = `
  SELECT count(*)::int AS orders FROM (
    SELECT order_id, count(*) AS units FROM units WHERE sale_id = $1 AND order_id IS NOT NULL GROUP BY order_id
  ) AS taken FULL JOIN (
    SELECT id AS order_id, quantity AS units FROM orders WHERE sale_id = $1 AND status IN ('reserved', 'paid')
  ) AS live USING (order_id)
  WHERE taken.units IS DISTINCT FROM live.units AND (SELECT available IS NULL FROM stock WHERE sale_id = $1)`;

const ORDERS_SQL = `
  SELECT count(*)::float8 AS "endedOrders",
    coalesce(sum(quantity) FILTER (WHERE status IN ('reserved', 'paid')), 0)::float8 AS live,
    coalesce(sum(quantity) FILTER (WHERE status = 'rejected'), 0)::float8 AS rejected,
    coalesce(count(*) / nullif(extract(epoch FROM max(settled_at) - min(accepted_at)), 0), 0)::float8 AS "ordersPerSecond",
    percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - accepted_at) * 1000)
      AS percentiles
  FROM orders WHERE sale_id = $1 AND status <> 'queued'`;

/** Where units have rows of their own, movements are no chain. */
const MOVEMENTS_SQL = `
  SELECT extract(epoch FROM committed_at - (SELECT min(accepted_at) FROM orders WHERE sale_id = $1))::float8 AS seconds,
    version::float8, before, after, sum(units) OVER so_far::float8 AS sold
  FROM (SELECT *, CASE WHEN before IS NOT NULL THEN version END AS link FROM stock_movements WHERE sale_id = $1) AS movements
  WINDOW so_far AS (ORDER BY link, committed_at, id) ORDER BY link, committed_at, id`;

interface OrdersRow extends Pick<SaleTruth, 'endedOrders' | 'live' | 'rejected' | 'ordersPerSecond'> {
  percentiles: [number, number, number] | null;
}

interface Movement {
  seconds: number;
  version: number;
  before: number | null;
  after: number | null;
  sold: number;
}

export async function readSaleTruth(
  database: Client,
  saleId: string,
  initialStock: number,
): Promise<SaleTruth> {
  const stock = await database.query<{ available: number }>(STOCK_SQL, [saleId]);
  const orders = await database.query<OrdersRow>(ORDERS_SQL, [saleId]);
  const { rows: movements } = await database.query<Movement>(MOVEMENTS_SQL, [saleId]);
  const misplaced = await database.query<{ orders: number }>(MISPLACED_SQL, [saleId]);
  const { percentiles, ...counted } = orders.rows[0]!;
  const [p50, p95, p99] = percentiles ?? [0, 0, 0];
  return {
    ...counted,
    available: stock.rows[0]!.available,
    lostUpdates: breaksIn(movements.filter(isChained), initialStock) + misplaced.rows[0]!.orders,
    timeToTerminalMs: { p50, p95, p99 },
    series: [
      [0, initialStock, 0],
      ...movements.map(({ seconds, after, sold }): Point => [seconds, after ?? initialStock - sold, sold]),
    ],
  };
}

type Link = Pick<Movement, 'version'> & { readonly before: number; readonly after: number };

const isChained = (movement: Movement): movement is Movement & Link => movement.before !== null;

/** Each movement has to start from what its predecessor left, and to make the next version of the row. */
export function breaksIn(movements: Link[], initialStock: number): number {
  return movements.filter(({ version, before }, i) => {
    const { version: last, after } = movements[i - 1] ?? { version: 0, after: initialStock };
    return version !== last + 1 || before !== after;
  }).length;
}
