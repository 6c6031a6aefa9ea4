import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { READ_POOL } from '../core/tokens.js';

/** What is left of a sale. */
interface Remaining {
  /** Units, over all SKUs. */
  readonly available: number;
  /** Whether nothing is left and nothing can come back. */
  readonly over: boolean;
}

/** Calls within so many milliseconds share an answer: many buyers wait, and ask often. */
const SHARED_MS = 1_000;
const SALES = 1_000;
/** Milliseconds. The figure is optional: nobody waits long for it. */
const LOOKUP_TIMEOUT = 1_000;

const REMAINING = {
  name: 'remaining-stock',
  text: `
    SELECT available, CASE WHEN available > 0 THEN false
      ELSE NOT EXISTS (SELECT FROM orders WHERE sale_id = $1 AND status = 'reserved') END AS over
    FROM (SELECT greatest(sum(available), 0)::float8 AS available FROM stock WHERE sale_id = $1) AS stock`,
  query_timeout: LOOKUP_TIMEOUT,
};

/** Tells waiting buyers whether there is something to wait for. */
@Injectable()
export class RemainingStock {
  readonly #sales: LRUCache<string, Remaining>;

  constructor(@Inject(READ_POOL) pool: Pool) {
    const fetchMethod = async (saleId: string) =>
      (await pool.query<Remaining>({ ...REMAINING, values: [saleId] })).rows[0];
    this.#sales = new LRUCache({ max: SALES, ttl: SHARED_MS, fetchMethod });
  }

  /** Resolves to undefined while Postgres does not answer. */
  of(saleId: string): Promise<Remaining | undefined> {
    return this.#sales.fetch(saleId).catch(() => undefined);
  }
}
