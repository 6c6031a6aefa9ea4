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
 * Orders that were not given back though they are due. Postgres alone knows: nothing else is needed. Each look goes on where the
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
