import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';

/** What statements are given to: the pool, or one connection. */
export interface Database {
  query<R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>>;
}
