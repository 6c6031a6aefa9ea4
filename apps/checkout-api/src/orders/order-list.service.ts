import type { Database } from '@app/inventory';
import { ORDER_STATUSES } from '@app/orders';
import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { RecentReads } from '../core/recent-reads.js';
import { READ_POOL } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import type { ListedOrder } from './order-list.schema.js';
import { listSql, type Wanted } from './order-list-sql.js';
import { viewOf, type OrderRow } from './orders.service.js';

/** What a client asks for. */
export interface OrderFilter {
  readonly saleId?: string;
  readonly buyerId?: string;
  readonly status?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Orders in one page of an export, which is what it has in memory. */
const EXPORTED_AT_ONCE = 1_000;

const CURSOR_SQL = 'SELECT accepted_at::text AS "acceptedAt" FROM orders WHERE id = $1';

type ListedRow = OrderRow & {
  readonly orderId: string;
  readonly buyerId: string;
  readonly acceptedAtExactly: string;
};

/** Lists settled orders, newest first. */
@Injectable()
export class OrderListService {
  constructor(
    @Inject(READ_POOL) private readonly pool: Pool,
    private readonly reads: RecentReads,
  ) {}

  /** @throws {ProblemError} ORDER_NOT_FOUND for a cursor that names none, or POSTGRES_UNAVAILABLE */
  async page(filter: OrderFilter, limit: number, cursor?: string): Promise<ListedOrder[]> {
    const after = cursor === undefined ? undefined : await this.#after(cursor);
    return (await this.#rows({ ...wantedBy(filter), after, limit })).map(listed);
  }

  /**
   * All of them, in pages: each is a short statement, so a client that reads slowly keeps no connection and no snapshot. An order is
   * in it once, since what they are sorted by never changes.
   */
  async *all(filter: OrderFilter): AsyncGenerator<ListedOrder[]> {
    const wanted = wantedBy(filter);
    let after: Wanted['after'];
    for (;;) {
      const rows = await this.#rows({ ...wanted, after, limit: EXPORTED_AT_ONCE });
      if (rows.length > 0) yield rows.map(listed);
      if (rows.length < EXPORTED_AT_ONCE) return;
      const { acceptedAtExactly: acceptedAt, orderId } = rows.at(-1)!;
      after = { acceptedAt, orderId };
    }
  }

  async #rows(wanted: Wanted): Promise<ListedRow[]> {
    // A buyer's own orders are shown as they are.
    const database: Database = wanted.saleId === undefined ? this.pool : this.reads;
    return (await fromPostgres(database.query<ListedRow>(listSql(wanted)))).rows;
  }

  async #after(orderId: string): Promise<NonNullable<Wanted['after']>> {
    const query = this.pool.query<{ acceptedAt: string }>(CURSOR_SQL, [orderId]);
    const [row] = (await fromPostgres(query)).rows;
    if (row) return { ...row, orderId };
    throw new ProblemError('ORDER_NOT_FOUND', 'Take the cursor from the Link header of another page.');
  }
}

const wantedBy = ({ saleId, buyerId, status, from = '-infinity', to = 'infinity' }: OrderFilter) => ({
  saleId,
  buyerId,
  statuses: status === undefined ? ORDER_STATUSES : [status],
  from,
  to,
});

/** Without the exact time, which only says where the next page begins. */
function listed(row: ListedRow): ListedOrder {
  const told = { ...row, acceptedAtExactly: null };
  return { ...viewOf(told), buyerId: row.buyerId };
}
