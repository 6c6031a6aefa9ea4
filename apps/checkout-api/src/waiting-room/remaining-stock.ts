import { AVAILABLE } from '@app/inventory';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { READ_POOL } from '../core/tokens.js';

/** What is left of a sale. */
interface Remaining {
  /** Units, over all SKUs. */
  readonly available: number;
  /** Whether nothing is left and nothing can come back by itself: all is paid. An admin may add units. */
  readonly over: boolean;
}

/** Calls within so many milliseconds share an answer: many buyers wait, and ask often. */
const SHARED_MS = 1_000;
const SALES = 1_000;
/** Milliseconds. The figure is optional: nobody waits long for it. */
const LOOKUP_TIMEOUT = 1_000;

/**
 * Each look at orders has an index. The first one needs ORDER BY: Postgres would rather read all orders of all sales until it
 * finds one.
 */
export const REMAINING = {
  name: 'remaining-stock',
  text: `
    SELECT available, CASE
      WHEN available > 0 THEN false
      WHEN (SELECT true FROM orders WHERE sale_id = $1 AND status = 'reserved' ORDER BY sale_id, status LIMIT 1) THEN false
      ELSE (SELECT coalesce(sum(quantity), 0) FROM orders WHERE sale_id = $1 AND status = 'paid')
        + (SELECT coalesce(sum(quantity), 0) FROM orders WHERE sale_id = $1 AND status = 'refunded' AND NOT restock) >= initial
      END AS over
    FROM (
      SELECT greatest(sum(${AVAILABLE}), 0)::float8 AS available, sum(initial) AS initial FROM stock WHERE sale_id = $1
    ) AS stock`,
  query_timeout: LOOKUP_TIMEOUT,
};

/** Tells waiting buyers whether there is something to wait for. */
@Injectable()
export class RemainingStock {
  readonly #sales: LRUCache<string, Remaining>;

  constructor(@Inject(READ_POOL) pool: Pool) {
    const fetchMethod = async (saleId: string) =>
      (await pool.query<Remaining>({ ...REMAINING, values: [saleId] })).rows[0];
    // A read is for those who wait, also if others push it out.
    this.#sales = new LRUCache({ max: SALES, ttl: SHARED_MS, fetchMethod, ignoreFetchAbort: true });
  }

  /** Resolves to undefined while Postgres does not answer. */
  of(saleId: string): Promise<Remaining | undefined> {
    return this.#sales.fetch(saleId).catch(() => undefined);
  }
}
