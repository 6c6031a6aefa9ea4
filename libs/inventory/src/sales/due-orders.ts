import type { Pool } from 'pg';
import { IS_DUE, IS_TO_RESTOCK } from '../section/stock-sql.js';

/** Which of the given orders are due. Parameter: order ids. */
const DUE_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE id = ANY ($1::uuid[]) AND ${IS_DUE}`;

/** Refunded orders whose units nobody brought back. Parameter: how many at most. */
const REFUNDED_SQL = `
  SELECT id AS "orderId", sale_id AS "saleId", sku FROM orders WHERE ${IS_TO_RESTOCK} ORDER BY random() LIMIT $1`;

/** Reservations that end, as the index has them: by the minute in which they do, and by SKU. */
const ENDING = `(
  SELECT id, date_trunc('minute', expires_at AT TIME ZONE 'UTC') AS minute, sale_id, sku, expires_at
  FROM orders WHERE status = 'reserved' AND expires_at IS NOT NULL) AS ending`;
const overdueIn = (sku: 'skus' | 'overdue') => `
  FROM ${ENDING} WHERE (ending.minute, ending.sale_id, ending.sku) = (${sku}.minute, ${sku}.sale_id, ${sku}.sku) AND expires_at <= latest`;
/** SKUs of a minute looked at at once: each costs three steps into it. */
const SKUS = 1_000;

/**
 * Goes through the SKUs of the minutes that are over, or have begun, and takes some overdue reservations of each: one that cannot be
 * restocked hides no other, however many orders it has, and what is not due costs nothing, however much there is. Of a SKU it takes
 * some of each minute, those after a random moment, so that workers take different ones.
 */
// Parameters: seconds overdue; most orders of a SKU; most of all; the minute and the SKU where the last look ended.
export const OVERDUE_SQL = `
  WITH RECURSIVE limits AS (
    SELECT latest, date_trunc('minute', latest AT TIME ZONE 'UTC') AS last_minute
    FROM (SELECT statement_timestamp() - make_interval(secs => $1)) AS it (latest)
  ), skus AS (
    SELECT $4::timestamp AS minute, $5::uuid AS sale_id, $6::text AS sku, 0 AS nth
    UNION ALL
    SELECT next.minute, next.sale_id, next.sku, nth + 1 FROM skus, LATERAL (
      SELECT minute, sale_id, sku FROM ${ENDING}
      WHERE (minute, sale_id, sku) > (skus.minute, skus.sale_id, skus.sku) AND minute <= (SELECT last_minute FROM limits)
      ORDER BY minute, sale_id, sku LIMIT 1
    ) AS next WHERE nth < ${SKUS}
  ), overdue AS MATERIALIZED (
    SELECT minute, sale_id, sku, latest, since + random() * (until - since) AS moment, count(*) OVER (PARTITION BY sale_id, sku) AS minutes
    FROM limits JOIN skus ON nth > 0, LATERAL (SELECT expires_at AS since ${overdueIn('skus')} ORDER BY expires_at LIMIT 1) AS first,
      LATERAL (SELECT expires_at AS until ${overdueIn('skus')} ORDER BY expires_at DESC LIMIT 1) AS last
  ), share AS MATERIALIZED (
    SELECT least($2::int, ceil($3::float8 / count(DISTINCT (sale_id, sku)))) AS of_sku FROM overdue HAVING count(*) > 0
  ), found AS (
    SELECT id, sale_id, sku FROM share, overdue, LATERAL (SELECT ceil(of_sku / minutes)::int AS size) AS its, LATERAL (
      (SELECT id ${overdueIn('overdue')} AND expires_at >= moment ORDER BY expires_at LIMIT size)
      UNION ALL
      (SELECT id ${overdueIn('overdue')} AND expires_at < moment ORDER BY expires_at LIMIT size)
      LIMIT size
    ) AS due
  )
  SELECT (SELECT json_build_object('minute', minute, 'saleId', sale_id, 'sku', sku) FROM skus WHERE nth = ${SKUS}) AS ended,
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

/** A minute in the words of Postgres, and one of its SKUs. */
interface Place extends Pick<DueOrder, 'saleId' | 'sku'> {
  readonly minute: string;
}
/** What a look found, and where it ended, if more follows. */
interface Found {
  readonly ended: Place | null;
  readonly found: DueOrder[];
}
const BEGINNING: Place = { minute: '-infinity', saleId: '00000000-0000-0000-0000-000000000000', sku: '' };

/**
 * Finds orders that are due and were not restocked. It asks Postgres alone. A look takes of all SKUs, unless very many are overdue: then
 * the next one goes on with the others. It costs the same however many orders are overdue, and however many are not.
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
    const { minute, saleId, sku } = this.#from;
    const values = [seconds, perSku, most, minute, saleId, sku];
    const { rows } = await this.pool.query<Found>(OVERDUE_SQL, values);
    const [{ ended, found }] = rows as [Found];
    this.#from = ended ?? BEGINNING;
    return found;
  }
}
