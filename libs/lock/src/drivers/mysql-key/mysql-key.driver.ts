import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDuplicateKey, mysqlRemedy } from '../../connections/mysql-connection.js';
import type { Grant, LockDriver, LockRequest } from '../../contract.js';
import { LockBackendUnavailableError } from '../../errors.js';
import { keyOf, MysqlTable, poll } from '../../recipes/mysql-table.js';
import { CREATE_TABLE, HOLDS, LOCK, UNLOCK } from './sql.js';

/** Where a release or the undoing of an acquire did not get through, it is tried again this often, in milliseconds. */
const UNDO_EVERY_MS = 1_000;

/**
 * The textbook lock: a row whose primary key is the resource. INSERT locks, a duplicate key (error 1062) means taken, DELETE of the own
 * row releases. Waiters poll, in no order; there is no token.
 *
 * Nothing but its holder ever frees it. A holder that crashes blocks the resource until somebody deletes the row by hand.
 *
 * A process that lives goes on trying to delete a row which a lost connection left behind. An INSERT that arrives after that DELETE
 * blocks the resource as a crash does. `mysql-key-lease` is the repair.
 */
export class MysqlKeyDriver implements LockDriver {
  readonly #table: MysqlTable;
  readonly #closed = new AbortController();

  constructor(url: string) {
    this.#table = new MysqlTable(url, CREATE_TABLE);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const key = keyOf(resource);
    const holder = randomUUID();
    return poll<Grant>(
      resource,
      request,
      async () =>
        (await this.#insert(key, holder))
          ? { holder, release: () => this.#release(resource, key, holder) }
          : undefined,
      () => this.#undo(key, holder),
    );
  }

  readonly remedyFor = mysqlRemedy;

  async close() {
    this.#closed.abort();
    this.#table.close();
  }

  async #insert(key: string, holder: string): Promise<boolean> {
    try {
      await this.#table.change(LOCK, [key, holder]);
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // It may be our own: inserted by a try whose answer was lost.
      return (await this.#table.look(HOLDS, [key, holder])) !== undefined;
    }
  }

  async #release(resource: string, key: string, holder: string): Promise<boolean> {
    try {
      const { affectedRows, unsure } = await this.#table.change(UNLOCK, [key, holder]);
      return affectedRows === 1 || unsure;
    } catch (error) {
      void this.#undo(key, holder);
      throw new LockBackendUnavailableError(resource, error);
    }
  }

  /** Deletes our row, however long that takes. */
  async #undo(key: string, holder: string) {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const done = await this.#table.change(UNLOCK, [key, holder]).catch(() => undefined);
      if (done) return;
      await sleep(UNDO_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
