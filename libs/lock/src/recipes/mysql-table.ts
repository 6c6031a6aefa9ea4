import { createHash } from 'node:crypto';
import { ANSWER_MS } from '../async/answer-ms.js';
import { orAbort } from '../async/or-abort.js';
import { ConnectionPool } from '../connections/connection-pool.js';
import { isAnswer, isMissingTable, isRolledBack, MysqlConnection } from '../connections/mysql-connection.js';
import type { LockRequest } from '../contract.js';
import { pause, poll as pollStore } from './poll.js';

/** A row that somebody else keeps locked is waited for so many seconds, then asked for again. */
const SET_UP = 'SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1';
/** A key holds 255 characters; longer names are hashed. */
export const keyOf = (resource: string) =>
  resource.length <= 255 ? resource : `hash:${createHash('sha256').update(resource).digest('hex')}`;

interface Change {
  readonly affectedRows: number;
  readonly insertId: number;
  /** An earlier try of this change may have been carried out: the answer to it was lost. */
  readonly unsure: boolean;
}

/**
 * One table of locks, created on first use. Each statement is a transaction of its own. It is tried again if it was the victim of a
 * deadlock, gave up waiting for a row, or lost its answer with its connection.
 */
export class MysqlTable {
  readonly #pool: ConnectionPool<MysqlConnection>;

  constructor(
    url: string,
    private readonly create: string,
  ) {
    this.#pool = new ConnectionPool(() => new MysqlConnection(url, SET_UP));
  }

  async change(sql: string, values: (string | number)[]): Promise<Change> {
    return this.#persist(async (connection) => connection.write(sql, values));
  }

  async look<Row>(sql: string, values: string[]): Promise<Row | undefined> {
    const { row } = await this.#persist(async (connection) => ({
      row: await connection.read<Row>(sql, values),
    }));
    return row;
  }

  close() {
    this.#pool.close();
  }

  async #persist<T extends object>(
    ask: (connection: MysqlConnection) => Promise<T>,
  ): Promise<T & { unsure: boolean }> {
    const tooLate = AbortSignal.timeout(ANSWER_MS);
    let unsure = false;
    let why: unknown;
    for (;;) {
      let sent = false;
      try {
        const { connection } = await this.#pool.lend({ signal: tooLate });
        sent = true;
        return { ...(await this.#answer(connection, ask(connection), tooLate)), unsure };
      } catch (error) {
        if (tooLate.aborted) throw why ?? error;
        if (isMissingTable(error))
          await this.#persist(async (connection) => connection.write(this.create, []));
        else if (isAnswer(error) && !isRolledBack(error)) throw error;
        else await pause();
        unsure ||= sent && !isAnswer(error);
        why = error;
      }
    }
  }

  async #answer<T>(connection: MysqlConnection, answer: Promise<T>, tooLate: AbortSignal): Promise<T> {
    try {
      return await orAbort(answer, tooLate);
    } finally {
      if (tooLate.aborted) connection.end(); // an answer that is still to come must not be taken for another one
      this.#pool.putBack(connection);
    }
  }
}

/** The same as {@link pollStore}; a statement that was rolled back for others, again and again, is one that has to wait. */
export const poll = <T>(
  resource: string,
  request: LockRequest,
  tryOnce: () => Promise<T | undefined>,
  release: () => Promise<unknown>,
): Promise<T> =>
  pollStore(
    resource,
    request,
    () =>
      tryOnce().catch((error: unknown) => {
        if (!isRolledBack(error)) throw error;
        return undefined;
      }),
    release,
  );
