import type { Pool } from 'pg';
import { IS_DUE } from '../section/stock-sql.js';

/** Which of the given orders are due. Parameter: order ids. */
const DUE_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE id = ANY ($1::uuid[]) AND ${IS_DUE}`;

/** Overdue orders read at once: some 30 ms of Postgres. Part of the text, since the planner misjudges a parameter here. */
const STRETCH = 10_000;

/**
 * Reads the next stretch of overdue orders, and takes a few of each SKU: one that cannot be restocked must not block the others.
 * Workers take different ones, at random. Each row says where the stretch ends, if another one follows.
 */
// Parameters: seconds overdue; most orders of a SKU; most of all; where the last stretch ended: time due, and order id.
const OVERDUE_SQL = `
  WITH stretch AS MATERIALIZED (
    SELECT id, sale_id, sku, expires_at FROM orders
    WHERE status = 'reserved' AND expires_at <= statement_timestamp() - make_interval(secs => $1)
      AND (expires_at, id) > ($4::timestamptz, $5::uuid)
    ORDER BY expires_at, id LIMIT ${STRETCH}
  ), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY sale_id, sku ORDER BY random()) AS nth FROM stretch
  ), ended AS (
    SELECT to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00') AS "dueAt", id FROM stretch ORDER BY expires_at, id OFFSET ${STRETCH - 1}
  )
  SELECT numbered.id AS "orderId", sale_id AS "saleId", sku, ended."dueAt", ended.id AS "lastId"
  FROM numbered LEFT JOIN ended ON true
  WHERE nth <= $2 ORDER BY nth, random() LIMIT $3`;

/** A reservation whose time is over, or whose buyer cancelled it; its units are still held. */
export interface DueOrder {
  readonly orderId: string;
  readonly saleId: string;
  readonly sku: string;
}

/** Which of the given orders are due. */
export async function dueOf(pool: Pool, orderIds: readonly string[]): Promise<DueOrder[]> {
  return (await pool.query<DueOrder>(DUE_SQL, [orderIds])).rows;
}

/** Which orders a look finds. */
interface Wanted {
  /** Only those that are overdue for so long. */
  readonly seconds: number;
  /** Most orders to find, of all SKUs and of one. */
  readonly most: number;
  readonly perSku?: number;
}

const BEGINNING = { dueAt: '-infinity', lastId: '00000000-0000-0000-0000-000000000000' };

/**
 * Finds orders that are due and were not restocked. It asks Postgres alone. Each look goes on where the last one ended, and starts
 * over at the end: a look costs the same however many there are, and none is missed.
 */
export class OverdueOrders {
  #from = BEGINNING;

  constructor(
    private readonly pool: Pool,
    private readonly wanted: Wanted,
  ) {}

  /** Resolves to none only if there are none. */
  async look(): Promise<DueOrder[]> {
    const { seconds, most, perSku = most } = this.wanted;
    const from = this.#from;
    const { rows } = await this.pool.query<DueOrder & { dueAt: string | null; lastId: string }>(OVERDUE_SQL, [
      seconds,
      perSku,
      most,
      from.dueAt,
      from.lastId,
    ]);
    const [{ dueAt, lastId } = { dueAt: null, lastId: '' }] = rows;
    this.#from = dueAt === null ? BEGINNING : { dueAt, lastId };
    if (rows.length === 0 && from !== BEGINNING) return this.look();
    return rows.map(({ orderId, saleId, sku }) => ({ orderId, saleId, sku }));
  }
}
