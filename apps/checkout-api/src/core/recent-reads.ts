import type { Database } from '@app/inventory';
import type { ThinnedLog } from '@app/servers';
import { addAbortListener } from 'node:events';
import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { ReplicaWatch } from './replica-watch.js';

/** A replica of Postgres, and who knows how far it is behind. */
interface Replica {
  readonly pool: Pool;
  readonly watch: ReplicaWatch;
  readonly log: ThinnedLog;
}

/**
 * Reads that may be as old as DATABASE_REPLICA_MAX_LAG_MS allows. A replica that is fresh enough answers them; otherwise, and where
 * it fails, the primary does. Nobody decides about money or stock by them, nor shows a buyer its own order.
 */
export class RecentReads implements Database {
  /** @param replica absent where there is none */
  constructor(
    private readonly primary: Pool,
    private readonly replica?: Replica,
  ) {}

  /** Whether an answer may be old. */
  get mayBeOld(): boolean {
    return this.replica !== undefined;
  }

  async query<R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<R>> {
    if (this.replica?.watch.isFresh) {
      const { pool, watch } = this.replica;
      try {
        return await unlessLost(pool.query<R>(statement, values), watch.lost);
      } catch (error) {
        // Also what it cancels because it conflicts with what is replayed.
        this.replica.log.warn(error, 'the replica of Postgres has failed: the primary answers');
      }
    }
    return this.primary.query<R>(statement, values);
  }

  async close(): Promise<void> {
    await this.replica?.watch.close();
    await this.replica?.pool.end();
  }
}

function unlessLost<T>(answer: Promise<T>, lost: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const listening = addAbortListener(lost, () => reject(lost.reason as Error));
    void answer.then(resolve, reject).finally(() => listening[Symbol.dispose]());
  });
}
