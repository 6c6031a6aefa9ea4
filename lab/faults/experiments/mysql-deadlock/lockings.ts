import type { Connection, RowDataPacket } from 'mysql2/promise';
import { setTimeout as sleep } from 'node:timers/promises';

/** Error numbers of MySQL and MariaDB. */
const DUPLICATE_KEY = 1062;
export const DEADLOCK = 1213;

/** Between two tries, in milliseconds. */
const PAUSE_MS = 20;
const WAIT_S = 20;

export const numberOf = (error: unknown) =>
  error instanceof Error && 'errno' in error ? (error.errno as number) : undefined;

/** A way to lock with the statements of MySQL. The table has a resource and a holder, the resource is its primary key. */
export interface SqlLocking {
  readonly name: string;
  /** What it is expected to do among three who want the same. */
  readonly deadlocks?: true;
  /** The row is there before anybody locks. */
  readonly rowExists?: true;
  /** Sessions that want the lock wait inside the server, rather than ask again and again. */
  readonly waitsInServer: boolean;
  /** Resolves once it has the lock. `refused` is told of each try that failed, with its error number. */
  lock(session: Connection, table: string, resource: string, refused: (error: number) => void): Promise<void>;
  unlock(session: Connection, table: string, resource: string): Promise<unknown>;
}

const insert = (session: Connection, table: string, resource: string) =>
  session.query('INSERT INTO ?? VALUES (?, CONNECTION_ID())', [table, resource]);

/** The row is never seen by others: as long as the transaction is open, they wait for it. */
const inTransaction: SqlLocking = {
  name: 'insert-in-transaction',
  deadlocks: true,
  waitsInServer: true,
  lock: async (session, table, resource) => {
    await session.query('START TRANSACTION');
    await insert(session, table, resource);
  },
  unlock: (session) => session.query('ROLLBACK'),
};

/** Tries again for as long as these errors come. */
async function retrying(
  numbers: number[],
  attempt: () => Promise<unknown>,
  refused: (error: number) => void,
) {
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      const number = numberOf(error);
      if (number === undefined || !numbers.includes(number)) throw error;
      refused(number);
      await sleep(PAUSE_MS);
    }
  }
}

export const LOCKINGS: readonly SqlLocking[] = [
  inTransaction,
  {
    ...inTransaction,
    name: 'insert-retried',
    deadlocks: undefined,
    lock: (session, table, resource, refused) =>
      retrying([DEADLOCK], () => inTransaction.lock(session, table, resource, refused), refused),
  },
  {
    name: 'insert-autocommit',
    waitsInServer: false,
    lock: (session, table, resource, refused) =>
      retrying([DUPLICATE_KEY, DEADLOCK], () => insert(session, table, resource), refused),
    unlock: (session, table, resource) =>
      session.query('DELETE FROM ?? WHERE resource = ?', [table, resource]),
  },
  {
    name: 'select-for-update',
    rowExists: true,
    waitsInServer: true,
    lock: async (session, table, resource) => {
      await session.query('START TRANSACTION');
      await session.query('SELECT * FROM ?? WHERE resource = ? FOR UPDATE', [table, resource]);
    },
    unlock: (session) => session.query('COMMIT'),
  },
  {
    name: 'get-lock',
    waitsInServer: true,
    lock: async (session, table) => {
      const [[row]] = await session.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS granted', [
        table,
        WAIT_S,
      ]);
      if (row!.granted !== 1) throw new Error(`GET_LOCK answered ${row!.granted}`);
    },
    unlock: (session, table) => session.query('SELECT RELEASE_LOCK(?)', [table]),
  },
];
