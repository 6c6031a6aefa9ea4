import type { OrderRequest, Outcome, RejectionReason } from '@app/orders';
import { isSqlState } from '@app/servers';
import type { Pool } from 'pg';
import { SETTLED_SQL } from './stock-sql.js';

/** What the section knows of its stock after the commit. */
interface Left {
  /** Units left. Absent if all orders were settled before, or if others sell at the same time. */
  readonly available?: number;
  /** The versions that its rows have reached, by stripe. Absent where none was read. */
  readonly versions?: readonly string[];
}

/** The result of a section. */
export interface SectionResult extends Left {
  /** One per order, in their order; undefined if the order does not fit into this stripe. */
  readonly outcomes: readonly (Outcome | undefined)[];
}

/** A batch of which every order has an outcome. */
export interface SettledBatch extends Left {
  /** One per order, in their order. */
  readonly outcomes: readonly Outcome[];
}

/** The result of a section that wrote something, and knows what is left. */
export type Committed = SectionResult & { readonly available: number };

const UNIQUE_VIOLATION = '23505';

/**
 * Commits each order exactly once, though jobs come at least once and a batch may hold an order twice. The primary key of
 * orders refuses a second row; only then this asks which orders are there.
 */
export async function settleEachOnce(
  pool: Pool,
  orders: readonly OrderRequest[],
  commit: (fresh: readonly OrderRequest[]) => Promise<SectionResult>,
): Promise<SectionResult> {
  let settled: ReadonlyMap<string, Outcome> | undefined;
  for (;;) {
    try {
      return await (settled ? settleRest(orders, settled, commit) : commit(orders));
    } catch (error) {
      if (!isSqlState(error, UNIQUE_VIOLATION)) throw error;
      const before = await settledBefore(pool, orders);
      // Other workers may settle some meanwhile. If there is no new row, another unique key has refused: an error.
      if (before.size === settled?.size) throw error;
      settled = before;
    }
  }
}

/** Commits those that are not settled yet, each once. */
async function settleRest(
  orders: readonly OrderRequest[],
  settled: ReadonlyMap<string, Outcome>,
  commit: (fresh: readonly OrderRequest[]) => Promise<SectionResult>,
): Promise<SectionResult> {
  const distinct = new Map(orders.map((order) => [order.orderId, order]));
  const fresh = [...distinct.values()].filter(({ orderId }) => !settled.has(orderId));
  const { outcomes, ...left } = fresh.length > 0 ? await commit(fresh) : { outcomes: [] };
  const all = new Map([...settled, ...fresh.map(({ orderId }, i) => [orderId, outcomes[i]] as const)]);
  return { outcomes: orders.map(({ orderId }) => all.get(orderId)), ...left };
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
