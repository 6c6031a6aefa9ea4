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

const STOCK_SQL = 'SELECT available FROM stock WHERE sale_id = $1';

const ORDERS_SQL = `
  SELECT count(*)::float8 AS "endedOrders",
    coalesce(sum(quantity) FILTER (WHERE status IN ('reserved', 'paid')), 0)::float8 AS live,
    coalesce(sum(quantity) FILTER (WHERE status = 'rejected'), 0)::float8 AS rejected,
    coalesce(count(*) / nullif(extract(epoch FROM max(settled_at) - min(accepted_at)), 0), 0)::float8 AS "ordersPerSecond",
    percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - accepted_at) * 1000)
      AS percentiles
  FROM orders WHERE sale_id = $1 AND status <> 'queued'`;

const MOVEMENTS_SQL = `
  SELECT extract(epoch FROM committed_at - (SELECT min(accepted_at) FROM orders WHERE sale_id = $1))::float8 AS seconds,
    version::float8, before, after, sum(units) OVER (ORDER BY version)::float8 AS sold
  FROM stock_movements WHERE sale_id = $1 ORDER BY version`;

interface OrdersRow extends Pick<SaleTruth, 'endedOrders' | 'live' | 'rejected' | 'ordersPerSecond'> {
  percentiles: [number, number, number] | null;
}

interface Movement {
  seconds: number;
  version: number;
  before: number;
  after: number;
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
  const { percentiles, ...counted } = orders.rows[0]!;
  const [p50, p95, p99] = percentiles ?? [0, 0, 0];
  return {
    ...counted,
    available: stock.rows[0]!.available,
    lostUpdates: breaksIn(movements, initialStock),
    timeToTerminalMs: { p50, p95, p99 },
    series: [[0, initialStock, 0], ...movements.map(pointOf)],
  };
}

function pointOf({ seconds, after, sold }: Movement): Point {
  return [seconds, after, sold];
}

/** Each movement has to start from what its predecessor left, and to make the next version of the row. */
export function breaksIn(
  movements: Pick<Movement, 'version' | 'before' | 'after'>[],
  initialStock: number,
): number {
  return movements.filter(({ version, before }, i) => {
    const { version: last, after } = movements[i - 1] ?? { version: 0, after: initialStock };
    return version !== last + 1 || before !== after;
  }).length;
}
