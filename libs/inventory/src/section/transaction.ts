import { lend, putBack } from '@app/servers';
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { verdictOn } from './verdict-on.js';

/** Runs statements: the pool, or one connection. */
export interface Database {
  query<R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>>;
}

/** A connection that did not answer is not used again, not even for a ROLLBACK, which would wait as long. */
export const isBroken = (error: unknown): boolean => verdictOn(error) === 'leave';

export type Isolation = 'READ COMMITTED' | 'SERIALIZABLE';

/** READ COMMITTED whatever the database's default: whoever waited for a row's lock then sees the newest row. */
export async function transaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  isolation: Isolation = 'READ COMMITTED',
): Promise<T> {
  const client = await lend(pool);
  let broken = false;
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
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
