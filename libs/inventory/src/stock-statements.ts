import type { OrderRequest, Outcome } from '@app/orders';
import type { Pool } from 'pg';
import type { Database } from './database.js';
import { KeptConnection } from './kept-connection.js';
import { SharedStatement } from './shared-statement.js';
import { READ_SQL, WRITE_ROWS_SQL, WRITE_SQL, type StockWriteMode } from './stock-sql.js';

/** A stock row, and the lease under which it is worked on. */
export interface StockKey {
  readonly saleId: string;
  readonly sku: string;
  readonly stripe: number;
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

/** Reads a row, by the way its mode has to keep it as it was read. Undefined where there is none, or its fence is another's. */
export async function readStock(
  database: Database,
  mode: StockWriteMode,
  key: StockKey,
): Promise<StockRow | undefined> {
  if (mode === 'fenced') return (await readFenced(database, [key]))[0];
  const values = [key.saleId, key.sku, key.stripe];
  const { rows } = await database.query<StockRow>({ name: `read ${mode}`, text: READ_SQL[mode], values });
  return rows[0];
}

async function readFenced(database: Database, keys: readonly StockKey[]): Promise<(StockRow | undefined)[]> {
  const { rows } = await database.query<StockRow & { row: number }>({
    name: 'read fenced',
    text: READ_SQL.fenced,
    values: columnsOf(keys.map(keyOf)),
  });
  return inOrder(keys, rows);
}

/** Resolves to what is then available, or to undefined where the row was not as it was read: then nothing is written. */
export async function writeStock(
  database: Database,
  mode: StockWriteMode,
  change: StockChange,
): Promise<number | undefined> {
  const { rowCount, rows } = await database.query<{ available: number }>({
    name: `write ${mode}`,
    text: WRITE_SQL[mode],
    values: [...rowOf(change), ...ordersOf(change.settled)],
  });
  if (rowCount === 0) return undefined;
  return rows[0]?.available ?? change.read.available - change.units;
}

async function writeFenced(
  database: Database,
  changes: readonly StockChange[],
): Promise<(number | undefined)[]> {
  const { rows } = await database.query<{ row: number; available: number }>({
    name: 'write rows',
    text: WRITE_ROWS_SQL,
    values: [
      ...columnsOf(changes.map(rowOf)),
      ...ordersOf(changes.flatMap(({ settled }) => settled)),
      changes.flatMap(({ settled }, i) => settled.map(() => i + 1)),
    ],
  });
  return inOrder(changes, rows).map((row) => row?.available);
}

const keyOf = ({ saleId, sku, stripe, token, holder }: StockKey) => [saleId, sku, stripe, token, holder];

/** What a write is given of its row. */
const rowOf = ({ key, units, read, ttl }: StockChange) => [
  ...keyOf(key),
  units,
  Number.isFinite(read.available) ? read.available : null, // a conditional write has not read it
  read.version,
  ttl,
];

const columnsOf = (rows: readonly (readonly unknown[])[]) =>
  rows[0]!.map((_, column) => rows.map((row) => row[column]));

/** What it is given of the orders of all rows. */
const ordersOf = (settled: readonly SettledOrder[]) => [
  settled.map(({ order }) => order.orderId),
  settled.map(({ order }) => order.buyerId),
  settled.map(({ order }) => order.quantity),
  settled.map(({ outcome }) => ('reason' in outcome ? outcome.reason : null)),
  settled.map(({ order }) => order.idempotencyKey),
  settled.map(({ order }) => order.acceptedAt),
];

/**
 * Full batches that lanes commit in one statement at most. It is planned, run and flushed to the disk once for all of them;
 * beyond this, little of the cost of an order is left to be shared.
 */
const BATCHES_TOGETHER = 8;

/**
 * The fenced statements of one process, shared by its lanes. Only under a fence: nobody else wants such a row, so that a
 * statement on several of them waits for nobody.
 */
export class FencedStatements {
  readonly reads: SharedStatement<StockKey, StockRow | undefined>;
  readonly writes: SharedStatement<StockChange, number | undefined>;

  /** @param batchSize orders of a lane per transaction at most; with 1, as in a textbook, lanes share no transaction either */
  constructor(pool: Pool, batchSize: number) {
    const connection = new KeptConnection(pool);
    const most = batchSize === 1 ? 1 : BATCHES_TOGETHER * batchSize;
    this.reads = new SharedStatement(
      most,
      () => 1,
      (keys) => readFenced(connection, keys),
    );
    this.writes = new SharedStatement(
      most,
      ({ settled }) => settled.length,
      async (changes) =>
        changes.length === 1
          ? [await writeStock(connection, 'fenced', changes[0]!)]
          : writeFenced(connection, changes),
    );
  }
}

/** The rows of a result, which are numbered from 1, each in the place of what it answers. */
function inOrder<R extends { readonly row: number }>(
  asked: readonly unknown[],
  rows: readonly R[],
): (R | undefined)[] {
  const found = new Map(rows.map((row) => [row.row, row]));
  return asked.map((_, i) => found.get(i + 1));
}
