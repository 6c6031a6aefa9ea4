import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { verdictOn } from './verdict-on.js';

/** What statements are given to: the pool, or one connection. */
export interface Database {
  query<R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>>;
}

/** A connection of the pool for several statements; it goes back by {@link giveBack}. */
export async function lend(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect();
  client.on('error', ignore);
  return client;
}

export function giveBack(client: PoolClient, broken: boolean) {
  client.off('error', ignore);
  client.release(broken);
}

/** A connection that owes an answer is not used again, not even for a ROLLBACK: that would wait as long for nothing. */
export const isBroken = (error: unknown): boolean => verdictOn(error) === 'leave';

/** A lost connection rejects the statement at hand; without a listener it would end the process as well. */
const ignore = () => undefined;
