import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';

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

export function giveBack(client: PoolClient, isBroken: boolean) {
  client.off('error', ignore);
  client.release(isBroken);
}

/** A lost connection rejects the statement at hand; without a listener it would end the process as well. */
const ignore = () => undefined;
