import { lend, putBack } from '@app/servers';
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { isBroken, type Database } from '../section/transaction.js';

/**
 * Keeps a connection of the pool from one statement to the next, if that follows within a turn of the event loop and nobody else
 * waits for one. To borrow anew costs some 20 us, 3 % of what 16 orders take.
 */
export class KeptConnection implements Database {
  #client: PoolClient | undefined;
  #isBusy = false;

  constructor(private readonly pool: Pool) {}

  /** Like the pool: a statement that comes while another runs gets a connection of its own. */
  async query<R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>> {
    if (this.#isBusy) return this.pool.query<R>(statement, values);
    this.#isBusy = true;
    try {
      this.#client ??= await lend(this.pool);
      return await this.#client.query<R>(statement, values);
    } catch (error) {
      this.#putBack(isBroken(error));
      throw error;
    } finally {
      this.#isBusy = false;
      if (this.pool.waitingCount > 0) this.#putBack();
      else setImmediate(() => this.#isBusy || this.#putBack());
    }
  }

  #putBack(broken = false) {
    if (this.#client) putBack(this.#client, broken);
    this.#client = undefined;
  }
}
