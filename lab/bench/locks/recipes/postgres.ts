import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Locker, Subject } from '../locker.js';

/** A session-level lock on a connection of a pool that is as large as there are callers. */
export async function openPgAdvisoryLock({ servers, resource }: Subject): Promise<Locker> {
  const pool = new pg.Pool({ connectionString: servers.postgres, max: 100, idleTimeoutMillis: 0 });
  pool.on('error', () => undefined);
  const key = createHash('sha256').update(resource).digest().readBigInt64BE().toString();
  return {
    run: async (work) => {
      const client = await pool.connect();
      await client.query('SELECT pg_advisory_lock($1)', [key]);
      await work();
      await client.query('SELECT pg_advisory_unlock($1)', [key]);
      client.release();
    },
    close: () => pool.end(),
  };
}
