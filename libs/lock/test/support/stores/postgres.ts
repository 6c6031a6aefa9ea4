import pg from 'pg';
import { startPostgres } from '../../../../../local/services/postgres.js';
import { crashable } from './crashable.js';
import type { Store } from './store.js';

/** The sessions that hold, or wait for, the advisory lock of $1. */
const SESSIONS = `
  FROM pg_locks, LATERAL (SELECT hashtextextended('lock:' || $1, 0) AS key) AS hash
  WHERE locktype = 'advisory' AND (classid::bigint << 32) | objid::bigint = key`;

export async function postgresStore(): Promise<Store> {
  const server = await startPostgres();
  const admin = new pg.Pool({ connectionString: server.url, max: 1 });
  admin.on('error', () => undefined);
  const number = async (sql: string, ...values: string[]) =>
    Number((await admin.query<{ n: string }>(sql, values)).rows[0]!.n);
  return {
    backends: { postgres: server.url },
    footprint: async () => ({
      locks: await number(`SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'`),
      connections: await number(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      ),
    }),
    loseLock: async (resource) => {
      await admin.query(`SELECT pg_terminate_backend(pid) ${SESSIONS} AND granted`, [resource]);
    },
    waiters: (resource) => number(`SELECT count(*) AS n ${SESSIONS} AND NOT granted`, resource),
    ...crashable('DATABASE_URL', [server]),
    stop: async () => {
      await admin.end().catch(() => undefined);
      await server.stop();
    },
  };
}
