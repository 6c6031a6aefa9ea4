import type { Lease } from '@app/lock';
import type { EndedStatus, OrderRequest, Outcome } from '@app/orders';

/** Names a stock row, and the lease under which it is read and written. */
export interface StockKey {
  readonly saleId: string;
  readonly sku: string;
  /** Absent where the SKU has only one. */
  readonly stripe?: number;
  /** Absent where the strategy has no lock. */
  readonly lease?: Lease;
}

export interface StockRow {
  readonly available: number;
  readonly version?: string;
}

/** An order, and what became of it. */
export interface SettledOrder {
  readonly order: OrderRequest;
  readonly outcome: Outcome;
}

/** What a section writes: the units that it takes from the row, and the outcomes of its orders. */
export interface StockChange {
  readonly key: StockKey;
  readonly read: StockRow;
  readonly units: number;
  /** Seconds until reservations expire; unless given, they never do. */
  readonly ttl?: number | null;
  readonly settled: readonly SettledOrder[];
}

/** A reservation that ended without being paid. */
export interface EndedOrder {
  readonly orderId: string;
  readonly status: EndedStatus;
}

/** A stock row to which units came back. */
export interface Restocked {
  readonly stripe: number;
  /** Of the row after that. */
  readonly version: string;
  /** That came back. */
  readonly units: number;
  readonly ended: readonly EndedOrder[];
}

/** All that a critical section asks of the database. */
export interface StockStore {
  /**
   * @throws {UnknownSkuError} there is no such row
   * @throws {LockLostError} the row has a newer fence, as the lease was overtaken
   * @throws {TokenWentBackError} the row has a newer fence, though the lease is valid: the lock's counter went backwards
   */
  read(key: StockKey): Promise<StockRow>;
  /** Sells. Resolves to the units left, or to undefined if the row refused and nothing was written. */
  write(change: StockChange): Promise<number | undefined>;
  /** Ends the orders that are due and restocks their units. Resolves to undefined if the row refused. */
  restock(key: StockKey, read: StockRow, orderIds: readonly string[]): Promise<Restocked | undefined>;
}

/** The orders that have an outcome, sorted by id: two workers with the same orders lock them in the same order. */
export function settledOf(
  orders: readonly OrderRequest[],
  outcomes: readonly (Outcome | undefined)[],
): SettledOrder[] {
  return orders
    .map((order, i) => ({ order, outcome: outcomes[i] }))
    .filter((each): each is SettledOrder => each.outcome !== undefined)
    .sort((a, b) => (a.order.orderId < b.order.orderId ? -1 : 1));
}
