import type { Pool } from 'pg';
import { IS_DUE } from '../section/stock-sql.js';

/** Those of these orders that are due. Parameter: order ids. */
const DUE_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE id = ANY ($1::uuid[]) AND ${IS_DUE}`;

/** Overdue orders looked at in one go: some 30 ms of Postgres. No parameter, of which it would expect far more than that. */
const STRETCH = 10_000;

/**
 * A stretch of the orders that are due for so many seconds, whoever forgot them, in the order in which they were: of each SKU
 * some, so that one whose orders cannot be restocked does not stand before the others. By chance, so that workers do not all
 * take the same ones, and no order of a SKU stands before its others for ever. Returns with each where the stretch ends; nothing
 * there if it is the last one.
 * Parameters: seconds; how many at most of a SKU, and of all; when the last order of the stretch before was due, and its id.
 */
const OVERDUE_SQL = `
  WITH stretch AS MATERIALIZED (
    SELECT id, sale_id, sku, expires_at FROM orders
    WHERE status = 'reserved' AND expires_at <= statement_timestamp() - make_interval(secs => $1)
      AND (expires_at, id) > ($4::timestamptz, $5::uuid)
    ORDER BY expires_at, id LIMIT ${STRETCH}
  ), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY sale_id, sku ORDER BY random()) AS nth FROM stretch
  ), ended AS (
    SELECT expires_at::text AS "dueAt", id FROM stretch ORDER BY expires_at, id OFFSET ${STRETCH - 1}
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

/** Those of these orders that are due. */
export async function dueOf(pool: Pool, orderIds: readonly string[]): Promise<DueOrder[]> {
  return (await pool.query<DueOrder>(DUE_SQL, [orderIds])).rows;
}

/** What a look is to find. */
interface Wanted {
  /** For how long they are due. */
  readonly seconds: number;
  /** How many to find at most, of all and of a SKU. */
  readonly most: number;
  readonly perSku?: number;
}

const BEGINNING = { dueAt: '-infinity', lastId: '00000000-0000-0000-0000-000000000000' };

/**
 * Orders that were not restocked though they are due. Postgres alone knows: nothing else is needed. Each look goes on where the
 * one before ended, and begins anew after the last order: it costs no more the more there are, and misses none.
 */
export class OverdueOrders {
  #from = BEGINNING;

  constructor(
    private readonly pool: Pool,
    private readonly wanted: Wanted,
  ) {}

  /** Finds none only if there are none. */
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
