import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
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
