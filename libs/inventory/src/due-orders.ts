import type { Pool } from 'pg';
import { DUE_SQL, OVERDUE_SQL } from './stock-sql.js';

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

/**
 * Orders that are due for `seconds` and were not given back: `perSku` of each SKU at most, and `most` of all. Postgres alone
 * knows: nothing else is needed.
 */
export async function overdue(
  pool: Pool,
  seconds: number,
  most: number,
  perSku: number = most,
): Promise<DueOrder[]> {
  return (await pool.query<DueOrder>(OVERDUE_SQL, [seconds, perSku, most])).rows;
}
