import type pg from 'pg';

/** Keeps what this statement locks, so that whoever needs it stands still at that very statement. */
export async function holdLock(database: pg.Pool, sql: string, ...values: unknown[]) {
  const client = await database.connect();
  await client.query('BEGIN');
  await client.query(sql, values);
  return {
    /** Backends that wait for it. */
    async waiters(): Promise<number[]> {
      const { rows } = await database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0`,
      );
      return rows.map(({ pid }) => pid);
    },
    async release() {
      await client.query('COMMIT');
      client.release();
    },
  };
}
