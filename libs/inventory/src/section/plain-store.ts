import { TokenWentBackError, UnknownSkuError } from './errors.js';
import { resourceOf } from './resource.js';
import { FENCE_SQL, READ_SQL, RESTOCK_SQL, SELL_SQL, takesUnread, type StockWriteMode } from './stock-sql.js';
import type {
  EndedOrder,
  Restocked,
  SettledOrder,
  StockChange,
  StockKey,
  StockRow,
  StockStore,
} from './stock-store.js';
import type { Database } from './transaction.js';

/** The stock in Postgres. Each call is one prepared statement. */
export class PlainStore implements StockStore {
  constructor(
    private readonly database: Database,
    private readonly mode: StockWriteMode,
  ) {}

  async read(key: StockKey): Promise<StockRow> {
    const { lease } = key;
    const values = this.mode === 'fenced' ? [...placeOf(key), lease?.token, lease?.holder] : placeOf(key);
    const { rows } = await this.#query<StockRow>('read', READ_SQL, values);
    return rows[0] ?? this.whyNot(key);
  }

  async write({ key, read, units, ttl, settled }: StockChange): Promise<number | undefined> {
    const { rowCount, rows } = await this.#query<{ available: number }>('sell', SELL_SQL, [
      ...placeOf(key),
      units,
      takesUnread(this.mode) ? null : read.available,
      key.lease?.token,
      key.lease?.holder,
      ttl,
      ...columnsOf(settled),
      ...(this.mode === 'version' || this.mode === 'fenced' ? [read.version] : []),
    ]);
    return rowCount === 0 ? undefined : (rows[0]?.available ?? read.available - units);
  }

  async restock(key: StockKey, read: StockRow, orderIds: readonly string[]): Promise<Restocked | undefined> {
    const { rows } = await this.#query<RestockRow>('restock', RESTOCK_SQL, [
      ...placeOf(key),
      orderIds,
      key.lease?.token,
      key.lease?.holder,
      ...(this.mode === 'read-modify-write' ? [read.available] : []),
      ...(this.mode === 'version' ? [read.version] : []),
    ]);
    const { entered, version, units, ended } = rows[0]!;
    return entered ? { stripe: key.stripe ?? 0, version: version ?? read.version!, units, ended } : undefined;
  }

  /** Finds out why a row could not be read, and throws it. */
  async whyNot(key: StockKey): Promise<never> {
    const resource = resourceOf(key, key.stripe);
    const { rows } = await this.database.query<{ fence_token: string }>(FENCE_SQL, placeOf(key));
    if (!rows[0]) throw new UnknownSkuError(resource);
    const lease = key.lease!; // without one, a row is read whatever its fence
    lease.throwIfLost();
    throw new TokenWentBackError(resource, lease.token!, BigInt(rows[0].fence_token));
  }

  #query<Row extends object>(step: string, sql: Record<StockWriteMode, string>, values: unknown[]) {
    const { mode } = this;
    return this.database.query<Row>({ name: `${step} ${mode}`, text: sql[mode], values });
  }
}

interface RestockRow {
  readonly entered: boolean;
  /** Null where nothing came back. */
  readonly version: string | null;
  readonly units: number;
  readonly ended: readonly EndedOrder[];
}

export const placeOf = ({ saleId, sku, stripe = 0 }: StockKey) => [saleId, sku, stripe];

/** An array for each property of the orders. */
export const columnsOf = (settled: readonly SettledOrder[]) => [
  settled.map(({ order }) => order.orderId),
  settled.map(({ order }) => order.buyerId),
  settled.map(({ order }) => order.quantity),
  settled.map(({ outcome }) => ('reason' in outcome ? outcome.reason : null)),
  settled.map(({ order }) => order.idempotencyKey),
  settled.map(({ order }) => order.acceptedAt),
];
