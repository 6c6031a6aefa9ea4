import { lend, putBack } from '@app/servers';
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { verdictOn } from './verdict-on.js';

/** What statements are given to: the pool, or one connection. */
export interface Database {
  query<R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>>;
}

/** A connection that owes an answer is not used again, not even for a ROLLBACK: that would wait as long for nothing. */
export const isBroken = (error: unknown): boolean => verdictOn(error) === 'leave';

/** What the work of a transaction goes by, whatever the database's default: it waits for a row's lock, then sees the newest row. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await lend(pool);
  let broken = false;
  try {
    await client.query(BEGIN);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = isBroken(error) || !(await undone(client));
    throw error;
  } finally {
    putBack(client, broken);
  }
}

const undone = (client: PoolClient): Promise<boolean> =>
  client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
