import { columnsOf, placeOf, PlainStore } from '../section/plain-store.js';
import type { StockChange, StockKey, StockRow, StockStore } from '../section/stock-store.js';
import type { Database } from '../section/transaction.js';
import { READ_ROWS_SQL, SELL_ROWS_SQL } from './gathering-sql.js';
import { SharedStatement } from './shared-statement.js';

/** Most full batches in one statement, which is planned, run and flushed to disk once for all. More would save little. */
const BATCHES_TOGETHER = 8;

/** The stock under fences. Lanes that ask at the same time share a statement. */
export class GatheringStore implements StockStore {
  readonly #plain: PlainStore;
  readonly #reads: SharedStatement<StockKey, StockRow | undefined>;
  readonly #writes: SharedStatement<StockChange, number | undefined>;

  constructor(
    private readonly database: Database,
    batchSize: number,
  ) {
    const most = batchSize === 1 ? 1 : BATCHES_TOGETHER * batchSize;
    this.#plain = new PlainStore(database, 'fenced');
    this.#reads = new SharedStatement(
      most,
      () => 1,
      (keys) => this.#readRows(keys),
    );
    this.#writes = new SharedStatement(
      most,
      ({ settled }) => settled.length,
      async (changes) =>
        changes.length === 1 ? [await this.#plain.write(changes[0]!)] : this.#sellFrom(changes),
    );
  }

  async read(key: StockKey): Promise<StockRow> {
    return (await this.#reads.add(key)) ?? this.#plain.whyNot(key);
  }

  write(change: StockChange) {
    return this.#writes.add(change);
  }

  restock(...work: Parameters<StockStore['restock']>) {
    return this.#plain.restock(...work);
  }

  async #readRows(keys: readonly StockKey[]): Promise<(StockRow | undefined)[]> {
    const { rows } = await this.database.query<StockRow & Numbered>({
      name: 'read rows',
      text: READ_ROWS_SQL,
      values: transposed(keys.map((key) => [...placeOf(key), key.lease?.token, key.lease?.holder])),
    });
    return inOrder(keys, rows);
  }

  async #sellFrom(changes: readonly StockChange[]): Promise<(number | undefined)[]> {
    const rowOf = ({ key, units, read: { available, version }, ttl }: StockChange) =>
      [...placeOf(key), units, available, key.lease?.token, key.lease?.holder, ttl, version] as const;
    const { rows } = await this.database.query<{ available: number } & Numbered>({
      name: 'sell rows',
      text: SELL_ROWS_SQL,
      values: [
        ...transposed(changes.map(rowOf)),
        ...columnsOf(changes.flatMap(({ settled }) => settled)),
        changes.flatMap(({ settled }, i) => settled.map(() => i + 1)),
      ],
    });
    return inOrder(changes, rows).map((row) => row?.available);
  }
}

interface Numbered {
  readonly row: number;
}

const transposed = (rows: readonly (readonly unknown[])[]) =>
  rows[0]!.map((_, column) => rows.map((row) => row[column]));

/** Puts the result rows, numbered from 1, into the order of what was asked. */
function inOrder<R extends Numbered>(asked: readonly unknown[], rows: readonly R[]): (R | undefined)[] {
  const found = new Map(rows.map((row) => [row.row, row]));
  return asked.map((_, i) => found.get(i + 1));
}
