import { isSqlState } from '@app/servers';
import type { Pool, PoolClient } from 'pg';
import { transaction } from './transaction.js';

const SERIALIZATION_FAILURE = '40001';
/** Tries in a row. Of four who want the same row, one in ten thousand needs more, and its orders go back to the queue. */
const MOST_TRIES = 32;

/**
 * Runs the work in a SERIALIZABLE transaction, again and again while Postgres finds that it conflicts with another one. Whoever fails
 * tries again without a pause: it fails in the moment in which the other one commits, so it is ahead of that one's next transaction.
 * Longer and longer pauses would let the same one win for ever.
 */
export async function serializable<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transaction(pool, work, 'SERIALIZABLE');
    } catch (error) {
      if (!isSqlState(error, SERIALIZATION_FAILURE) || tries === MOST_TRIES) throw error;
    }
  }
}
