import { connect, type Socket } from 'node:net';
import { createConnection, type Connection as Client, type ExecuteValues } from 'mysql2';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection } from './connection-pool.js';

/** Error numbers of MySQL and MariaDB that decide what happens next. */
const DUPLICATE_KEY = 1062;
const NO_SUCH_TABLE = 1146;
/** The transaction, here always one statement, was rolled back: nothing was done. */
const ROLLED_BACK = [
  1205, // lock wait time-out
  1213, // deadlock victim
];
/** The server ends the session or was told to end the statement, so that what was asked may have been done. */
const CUT_OFF = [
  1053, // shutdown
  1317, // KILL QUERY
  1927, // KILL, as MariaDB tells it
];

const REMEDIES: readonly (readonly [numbers: readonly number[], remedy: string])[] = [
  [[1045, 1251, 1698], 'correct the user and the password in its URL'],
  [[1049], 'create the database that its URL names, or correct the URL'],
  [[1044, 1142, 1143, 1227, 1370], 'let its user create, read and write tables in the database'],
];

const is = (error: unknown, ...numbers: number[]) =>
  error instanceof Error && 'errno' in error && numbers.includes(error.errno as number);

export const isDuplicateKey = (error: unknown) => is(error, DUPLICATE_KEY);
export const isMissingTable = (error: unknown) => is(error, NO_SUCH_TABLE);
export const isRolledBack = (error: unknown) => is(error, ...ROLLED_BACK);
/** The server has told what became of the statement: it is no use to ask again. */
export const isAnswer = (error: unknown) =>
  error instanceof Error && 'sqlState' in error && !!error.sqlState && !is(error, ...CUT_OFF);

/** See {@link LockDriver.remedyFor}. */
export const mysqlRemedy = (error: unknown) => REMEDIES.find(([numbers]) => is(error, ...numbers))?.[1];

/** One connection to MySQL or MariaDB. Statements are prepared on first use. */
export class MysqlConnection implements Connection {
  readonly #ended = new AbortController();
  readonly #client: ReturnType<Client['promise']>;
  #socket!: Socket;

  constructor(
    url: string,
    private readonly setUp: string,
  ) {
    const stream = ({ config }: { config: { host: string; port: number } }) => {
      this.#socket = connect({ ...config, noDelay: true, keepAlive: true });
      return this.#socket.once('close', () => this.#ended.abort());
    };
    const client = createConnection({ uri: url, stream });
    client.on('error', () => undefined); // told by `ended`, and by the statement it hit
    this.#client = client.promise();
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  async start() {
    await this.#client.query(this.setUp);
  }

  /** For what cannot be prepared. */
  async set(sql: string, values: number[]): Promise<void> {
    await this.#client.query(sql, values);
  }

  async read<Row>(sql: string, values: ExecuteValues): Promise<Row | undefined> {
    const [rows] = await this.#client.execute<RowDataPacket[]>(sql, values);
    return rows[0] as Row | undefined;
  }

  async write(sql: string, values: ExecuteValues): Promise<ResultSetHeader> {
    const [header] = await this.#client.execute<ResultSetHeader>(sql, values);
    return header;
  }

  end() {
    this.#socket.destroy();
  }
}
