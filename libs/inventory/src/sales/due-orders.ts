import type { Pool } from 'pg';
import { IS_DUE, IS_TO_RESTOCK } from '../section/stock-sql.js';

/** Which of the given orders are due. Parameter: order ids. */
const DUE_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE id = ANY ($1::uuid[]) AND ${IS_DUE}`;

/** Refunded orders whose units nobody brought back. Parameter: how many at most. */
const REFUNDED_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE ${IS_TO_RESTOCK} ORDER BY random() LIMIT $1`;

/** SKUs with reservations that end, as the index has them. */
const ENDING = `FROM orders WHERE status = 'reserved' AND expires_at IS NOT NULL`;
/** SKUs looked at at once: each costs two steps into the index. */
const SKUS = 1_000;

/**
 * Goes through the next SKUs with reservations that end, and takes some overdue ones of each: one that cannot be restocked hides no
 * other, however many orders it has. Of a SKU it takes those after a random moment, so that workers take different ones.
 */
// Parameters: seconds overdue; most orders of a SKU; most of all; the SKU where the last look ended.
export const OVERDUE_SQL = `
  WITH RECURSIVE skus AS (
    (SELECT sale_id, sku, 1 AS nth ${ENDING} AND (sale_id, sku) > ($4::uuid, $5::text) ORDER BY sale_id, sku LIMIT 1)
    UNION ALL
    SELECT next.sale_id, next.sku, nth + 1 FROM skus, LATERAL (
      SELECT sale_id, sku ${ENDING} AND (sale_id, sku) > (skus.sale_id, skus.sku) ORDER BY sale_id, sku LIMIT 1
    ) AS next WHERE nth < ${SKUS}
  ), overdue AS MATERIALIZED (
    SELECT sale_id, sku, latest, since + random() * (latest - since) AS moment
    FROM (SELECT statement_timestamp() - make_interval(secs => $1) AS latest) AS limits, skus, LATERAL (
      SELECT expires_at AS since ${ENDING} AND (orders.sale_id, orders.sku) = (skus.sale_id, skus.sku) AND expires_at <= latest
      ORDER BY expires_at LIMIT 1
    ) AS first
  ), share AS MATERIALIZED (
    SELECT least($2::int, ceil($3::float8 / count(*)))::int AS size FROM overdue HAVING count(*) > 0
  ), found AS (
    SELECT id, sale_id, sku FROM share, overdue, LATERAL (
      (SELECT id ${ENDING} AND (orders.sale_id, orders.sku) = (overdue.sale_id, overdue.sku)
        AND expires_at >= moment AND expires_at <= latest ORDER BY expires_at LIMIT size)
      UNION ALL
      (SELECT id ${ENDING} AND (orders.sale_id, orders.sku) = (overdue.sale_id, overdue.sku)
        AND expires_at < moment ORDER BY expires_at LIMIT size)
      LIMIT size
    ) AS due
  )
  SELECT (SELECT json_build_object('saleId', sale_id, 'sku', sku) FROM skus WHERE nth = ${SKUS}) AS ended,
    (SELECT coalesce(json_agg(json_build_object('orderId', id, 'saleId', sale_id, 'sku', sku)), '[]') FROM found) AS found`;

/** A reservation whose time is over, or whose buyer cancelled it, or a refunded order; its units are to come back. */
export interface DueOrder {
  readonly orderId: string;
  readonly saleId: string;
  readonly sku: string;
}

/** Which of the given orders are due. */
export async function dueOf(pool: Pool, orderIds: readonly string[]): Promise<DueOrder[]> {
  return (await pool.query<DueOrder>(DUE_SQL, [orderIds])).rows;
}

/** Refunded orders whose units are to come back: so many at most. */
export async function refundedOf(pool: Pool, most: number): Promise<DueOrder[]> {
  return (await pool.query<DueOrder>(REFUNDED_SQL, [most])).rows;
}

/** Which orders a look finds. */
interface Wanted {
  /** Only those that are overdue for so long. */
  readonly seconds: number;
  /** Most orders to find, of all SKUs and of one. */
  readonly most: number;
  readonly perSku?: number;
}

type Sku = Pick<DueOrder, 'saleId' | 'sku'>;
/** What a look found, and the SKU where it ended, if others follow. */
interface Found {
  readonly ended: Sku | null;
  readonly found: DueOrder[];
}
const BEGINNING: Sku = { saleId: '00000000-0000-0000-0000-000000000000', sku: '' };

/**
 * Finds orders that are due and were not restocked. It asks Postgres alone. A look takes of all SKUs, unless there are very many: then
 * the next one goes on with the others. It costs the same however many orders are overdue.
 */
export class OverdueOrders {
  #from = BEGINNING;

  constructor(
    private readonly pool: Pool,
    private readonly wanted: Wanted,
  ) {}

  /** Resolves to none only if there are none. */
  async look(): Promise<DueOrder[]> {
    const fromBeginning = this.#from === BEGINNING;
    let found: DueOrder[];
    do found = await this.#next();
    while (found.length === 0 && this.#from !== BEGINNING);
    return found.length > 0 || fromBeginning ? found : this.look();
  }

  async #next(): Promise<DueOrder[]> {
    const { seconds, most, perSku = most } = this.wanted;
    const { saleId, sku } = this.#from;
    const { rows } = await this.pool.query<Found>(OVERDUE_SQL, [seconds, perSku, most, saleId, sku]);
    const [{ ended, found }] = rows as [Found];
    this.#from = ended ?? BEGINNING;
    return found;
  }
}
