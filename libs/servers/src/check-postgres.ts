import pg from 'pg';
import { notYet, unusable, type Hindrance } from './hindrance.js';
import { isRefusalOfPooler } from './postgres-verdict.js';
import { postgresOptions, SESSION } from './postgres.js';

/** The oldest version that is supported. */
const OLDEST = 13;
/** Looks at each of two sessions. One look could miss a pooler, which assigns servers by chance. */
const TURNS = 4;

const LOOK = `SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int / 10000 AS version,
  current_setting('transaction_read_only') = 'on' AS "readOnly",
  current_setting('plan_cache_mode') AS plans`;

interface Look {
  readonly pid: number;
  readonly version: number;
  readonly readOnly: boolean;
  readonly plans: string;
}

/** Resolves to why this application cannot work with that Postgres, if it cannot. Rejects with the errors of Postgres. */
export async function checkPostgres(url: string): Promise<Hindrance | undefined> {
  const sessions = [1, 2].map(() => new pg.Client({ ...postgresOptions, connectionString: url }));
  for (const session of sessions) session.on('error', () => undefined); // told by the rejection
  try {
    await Promise.all(sessions.map((session) => session.connect()));
    const looks: Look[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      for (const session of sessions) looks.push((await session.query<Look>(LOOK)).rows[0]!);
    }
    return judge(looks);
  } catch (error) {
    if (isRefusalOfPooler(error)) return unusable(DROPPED);
    throw error;
  } finally {
    for (const session of sessions) void session.end();
  }
}

function judge(looks: readonly Look[]): Hindrance | undefined {
  const [{ version, readOnly, plans }] = looks as [Look];
  // Each of the two sessions must stay with its own server process.
  const [pid, other] = looks.map((look) => look.pid);
  if (pid === other || looks.some((look, i) => look.pid !== (i % 2 === 0 ? pid : other))) {
    return unusable(POOLED);
  }
  if (plans !== SESSION.plan_cache_mode) return unusable(DROPPED);
  if (version < OLDEST) return notYet(`has version ${version}; at least ${OLDEST} is needed`);
  if (readOnly) return notYet('takes no writes: it is a standby, or read-only by its configuration');
  return undefined;
}

const DIRECTLY =
  'Let DATABASE_URL name Postgres itself: settings, prepared statements and locks belong to a session here.';
const POOLED = `a pooler in transaction or statement mode stands between. ${DIRECTLY}`;
const DROPPED = `a pooler that drops what a session begins with stands between. ${DIRECTLY}`;
