import type { OrderRequest, Outcome, RejectionReason } from '@app/orders';
import type { Pool } from 'pg';
import { SETTLED_SQL } from './stock-sql.js';

/** What is left of the stock of a section after its commit, as far as it is known. */
interface Left {
  /** Units. Absent when all of the orders were settled before. */
  readonly available?: number;
  /** The versions that its rows had then at least, by stripe. Absent where none was read. */
  readonly versions?: readonly string[];
}

/** What a section came to. */
export interface SectionResult extends Left {
  /** One per order, in their order; undefined for one that does not fit into this stripe. */
  readonly outcomes: readonly (Outcome | undefined)[];
}

/** What one came to that left nothing undecided. */
export interface SettledBatch extends Left {
  /** One per order, in their order. */
  readonly outcomes: readonly Outcome[];
}

/** What one did that wrote something. */
export type Committed = SectionResult & { readonly available: number };

const UNIQUE_VIOLATION = '23505';

/**
 * Has orders committed, each of them exactly once: jobs are delivered at least once, and an order may be in a batch twice. The
 * database tells, since an order's row has its id for a key. Only when it refuses is it worth asking which are there.
 */
export async function settleEachOnce(
  pool: Pool,
  orders: readonly OrderRequest[],
  commit: (fresh: readonly OrderRequest[]) => Promise<Committed>,
): Promise<SectionResult> {
  let settled = new Map<string, Outcome>();
  let fresh = orders;
  for (;;) {
    try {
      const { outcomes, ...left } = fresh.length > 0 ? await commit(fresh) : { outcomes: [] };
      if (fresh === orders) return { outcomes, ...left };
      const decided = fresh.map(({ orderId }, i) => [orderId, outcomes[i]] as const);
      const all = new Map([...settled, ...decided]);
      return { outcomes: orders.map(({ orderId }) => all.get(orderId)), ...left };
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const before = await settledBefore(pool, orders);
      // Another worker may settle them one by one meanwhile. Where no row is new, ids and keys contradict each other.
      if (fresh !== orders && before.size === settled.size) throw error;
      settled = before;
      const distinct = new Map(orders.map((order) => [order.orderId, order]));
      fresh = [...distinct.values()].filter(({ orderId }) => !before.has(orderId));
    }
  }
}

async function settledBefore(pool: Pool, orders: readonly OrderRequest[]): Promise<Map<string, Outcome>> {
  const { rows } = await pool.query<{ id: string; reason: RejectionReason | null }>(SETTLED_SQL, [
    orders.map(({ orderId }) => orderId),
  ]);
  return new Map(
    rows.map(({ id, reason }) => [
      id,
      reason ? { status: 'rejected', reason, before: true } : { status: 'reserved', before: true },
    ]),
  );
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}
