import { startPgbouncer } from '../services/pgbouncer.js';
import type { Service } from '../services/service.js';
import { step } from '../terminal.js';
import type { Env } from './replica.js';

/** What the application reaches Postgres by: nothing else, or a pooler in transaction mode. */
export const POSTGRES_WAYS = ['plain', 'pgbouncer'] as const;
export type PostgresWay = (typeof POSTGRES_WAYS)[number];

interface Pooler {
  readonly server: Service;
  readonly env: Env;
}

/** More hardly run at a time on the machines this is for. */
const SESSIONS = 20;

/** A PgBouncer before this Postgres, and what the application has to be told of it. */
export async function startPooler(databaseUrl: string, sessions = SESSIONS): Promise<Pooler> {
  const server = await startPgbouncer(databaseUrl, { sessions });
  step('PgBouncer', `${sessions} sessions, in transaction mode`);
  const env = { DATABASE_URL: server.url, DATABASE_POOLER: 'transaction', DATABASE_DIRECT_URL: databaseUrl };
  return { server, env };
}
