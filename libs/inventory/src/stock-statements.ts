import type { OrderRequest, Outcome } from '@app/orders';
import type { Pool, PoolClient } from 'pg';
import { SharedStatement } from './shared-statement.js';
import { READ_SQL, WRITE_SQL, type StockWriteMode } from './stock-sql.js';

export type Database = Pool | PoolClient;

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

/** What a section writes: the units it takes from a row that was as `read` says, and what became of its orders. */
export interface StockChange extends StockKey {
  readonly read: StockRow;
  readonly units: number;
  /** Seconds after which what is reserved expires; never unless given. */
  readonly ttl?: number | null;
  readonly settled: readonly (readonly [OrderRequest, Outcome])[];
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
    values: columnsOf(keys),
  });
  return inOrder(keys, rows);
}

/** Resolves to what is then available of each row, or to undefined where it was not as it was read: nothing is written there. */
export async function writeStock(
  database: Database,
  mode: StockWriteMode,
  changes: readonly StockChange[],
): Promise<(number | undefined)[]> {
  const settled = changes.flatMap((change, i) => change.settled.map((one) => [i + 1, ...one] as const));
  const { rows } = await database.query<{ row: number; available: number }>({
    name: `write ${mode}`,
    text: WRITE_SQL[mode],
    values: [
      ...columnsOf(changes),
      changes.map(({ units }) => units),
      changes.map(({ read }) => (mode === 'conditional' ? null : read.available)),
      changes.map(({ read }) => read.version),
      changes.map(({ ttl }) => ttl),
      settled.map(([row]) => row),
      settled.map(([, order]) => order.orderId),
      settled.map(([, order]) => order.buyerId),
      settled.map(([, order]) => order.quantity),
      settled.map(([, , { status }]) => status),
      settled.map(([, , outcome]) => ('reason' in outcome ? outcome.reason : null)),
      settled.map(([, order]) => order.idempotencyKey),
      settled.map(([, order]) => order.acceptedAt),
    ],
  });
  return inOrder(changes, rows).map((row) => row?.available);
}

/**
 * The fenced statements of one process, shared by its lanes. Only under a fence: nobody else wants such a row, so that a
 * statement on several of them waits for nobody.
 */
export class FencedStatements {
  readonly reads: SharedStatement<StockKey, StockRow | undefined>;
  readonly writes: SharedStatement<StockChange, number | undefined>;

  /** @param batchSize orders per transaction at most */
  constructor(pool: Pool, batchSize: number) {
    this.reads = new SharedStatement(
      batchSize,
      () => 1,
      (keys) => readFenced(pool, keys),
    );
    this.writes = new SharedStatement(
      batchSize,
      ({ settled }) => settled.length,
      (changes) => writeStock(pool, 'fenced', changes),
    );
  }
}

const columnsOf = (keys: readonly StockKey[]) => [
  keys.map(({ saleId }) => saleId),
  keys.map(({ sku }) => sku),
  keys.map(({ stripe }) => stripe),
  keys.map(({ token }) => token),
  keys.map(({ holder }) => holder),
];

/** The rows of a result, which are numbered from 1, each in the place of what it answers. */
function inOrder<R extends { readonly row: number }>(
  asked: readonly unknown[],
  rows: readonly R[],
): (R | undefined)[] {
  const found = new Map(rows.map((row) => [row.row, row]));
  return asked.map((_, i) => found.get(i + 1));
}
