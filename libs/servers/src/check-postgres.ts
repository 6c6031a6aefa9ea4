import pg from 'pg';
import { judgePooler } from './check-pooler.js';
import { DROPPED, judgeSessions } from './check-sessions.js';
import { notYet, unusable, type Hindrance } from './hindrance.js';
import { isRefusalOfPooler } from './postgres-verdict.js';
import { postgresOptions, type PostgresServer } from './postgres.js';

/** The oldest version that is supported. */
const OLDEST = 13;

const LOOK = `SELECT current_setting('server_version_num')::int / 10000 AS version,
  current_setting('transaction_read_only') = 'on' AS "readOnly"`;

interface Look {
  readonly version: number;
  readonly readOnly: boolean;
}

/** Resolves to why this application cannot work with that Postgres, if it cannot. Rejects with the errors of Postgres. */
export async function checkPostgres(server: PostgresServer): Promise<Hindrance | undefined> {
  const { pooler = 'none' } = server;
  const sessions = [1, 2].map(() => new pg.Client(postgresOptions(server))) as [pg.Client, pg.Client];
  for (const session of sessions) session.on('error', () => undefined); // told by the rejection
  try {
    await Promise.all(sessions.map((session) => session.connect()));
    const between = pooler === 'none' ? judgeSessions(sessions) : judgePooler(sessions, pooler);
    return (await between) ?? judge((await sessions[0].query<Look>(LOOK)).rows[0]!);
  } catch (error) {
    if (isRefusalOfPooler(error)) return unusable(pooler === 'none' ? DROPPED : refusal(error as Error));
    throw error;
  } finally {
    for (const session of sessions) void session.end();
  }
}

function judge({ version, readOnly }: Look): Hindrance | undefined {
  if (version < OLDEST) return notYet(`has version ${version}; at least ${OLDEST} is needed`);
  if (readOnly) return notYet('takes no writes: it is a standby, or read-only by its configuration');
  return undefined;
}

const refusal = ({ message }: Error) =>
  `the pooler says: ${message}. It has to be in transaction mode, and the URL must bring no settings for a session.`;
