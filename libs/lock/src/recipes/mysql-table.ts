import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWER_MS } from '../async/answer-ms.js';
import { orAbort } from '../async/or-abort.js';
import { ConnectionPool } from '../connections/connection-pool.js';
import { isAnswer, isMissingTable, isRolledBack, MysqlConnection } from '../connections/mysql-connection.js';
import type { LockRequest } from '../contract.js';
import { LockBackendUnavailableError } from '../errors.js';

/** A row that somebody else keeps locked is waited for so many seconds, then asked for again. */
const SET_UP = 'SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1';
/** Mean pause between two tries, in milliseconds: short at first, since most holds are, then longer. */
const FIRST_PAUSE_MS = 5;
const PAUSE_MS = 50;

/** The jitter keeps contenders out of step. */
const pause = (tries = Infinity) =>
  sleep(Math.min(FIRST_PAUSE_MS * 2 ** tries, PAUSE_MS) * (0.5 + Math.random()));

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

/**
 * Tries with pauses in between until the lock is granted or the request's signal aborts. Nobody tells a waiter that the lock is free, so
 * who comes first is a matter of luck.
 *
 * @param tryOnce resolves to undefined when somebody else holds the lock
 * @param release undoes a grant that comes too late, or that was made without our hearing of it
 * @throws {LockBackendUnavailableError} the store did not answer
 */
export async function poll<T>(
  resource: string,
  request: LockRequest,
  tryOnce: () => Promise<T | undefined>,
  release: () => Promise<unknown>,
): Promise<T> {
  const { signal } = request;
  const polling = (async () => {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      const granted = await tryOnce().catch((error: unknown) => {
        if (!isRolledBack(error)) throw new LockBackendUnavailableError(resource, error);
      });
      if (granted !== undefined) return granted;
      request.contended?.();
      await pause(tries);
    }
  })();
  try {
    return await orAbort(polling, signal);
  } catch (error) {
    // Not before the last try has its answer: it may be a grant.
    void polling
      .catch(() => undefined)
      .then(release)
      .catch(() => undefined);
    throw error;
  }
}
