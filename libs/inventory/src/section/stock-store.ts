import type { EndedStatus, OrderRequest, Outcome } from '@app/orders';

/** A stock row, and the lease under which it is worked on. */
export interface StockKey {
  readonly saleId: string;
  readonly sku: string;
  /** One of several; absent where the SKU has only one. */
  readonly stripe?: number;
  readonly token?: bigint;
  readonly holder?: string;
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

/** What a section writes: the units it takes from a row that was as `read` says, and what became of its orders. */
export interface StockChange {
  readonly key: StockKey;
  readonly read: StockRow;
  readonly units: number;
  /** Seconds after which what is reserved expires; never unless given. */
  readonly ttl?: number | null;
  readonly settled: readonly SettledOrder[];
}

/** A reservation that ended without being paid. */
export interface EndedOrder {
  readonly orderId: string;
  readonly status: EndedStatus;
}

/** What came back into a row of the stock. */
export interface Restocked {
  readonly stripe: number;
  /** Of the row, from then on. */
  readonly version: string;
  readonly ended: readonly EndedOrder[];
}

/** All that a critical section asks of the database. */
export interface StockStore {
  /**
   * @throws {UnknownSkuError} there is no such row
   * @throws {TokenWentBackError} the lease's token is below the row's fence
   */
  read(key: StockKey): Promise<StockRow>;
  /** Sells. Resolves to what is then available, or to undefined where the row refused: nothing was written. */
  write(change: StockChange): Promise<number | undefined>;
  /** Ends those of the orders that are due, and gives their units back. Resolves to undefined where the row refused. */
  restock(key: StockKey, read: StockRow, orderIds: readonly string[]): Promise<Restocked | undefined>;
}

/** The orders that have an outcome, in the order in which rows are locked everywhere: two workers that have the same do not deadlock. */
export function settledOf(
  orders: readonly OrderRequest[],
  outcomes: readonly (Outcome | undefined)[],
): SettledOrder[] {
  return orders
    .map((order, i) => ({ order, outcome: outcomes[i] }))
    .filter((each): each is SettledOrder => each.outcome !== undefined)
    .sort((a, b) => (a.order.orderId < b.order.orderId ? -1 : 1));
}
