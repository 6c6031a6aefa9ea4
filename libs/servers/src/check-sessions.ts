import type pg from 'pg';
import { unusable, type Hindrance } from './hindrance.js';
import { SESSION } from './postgres.js';

/** Looks at each of two sessions. One look could miss a pooler, which assigns servers by chance. */
const TURNS = 4;

const LOOK = `SELECT pg_backend_pid() AS pid, current_setting('plan_cache_mode') AS plans`;

interface Look {
  readonly pid: number;
  readonly plans: string;
}

/** Whether these two are sessions of Postgres, with what they were begun with. */
export async function judgeSessions(sessions: readonly pg.Client[]): Promise<Hindrance | undefined> {
  const looks: Look[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const session of sessions) looks.push((await session.query<Look>(LOOK)).rows[0]!);
  }
  // Each of the two sessions must stay with its own server process.
  const [pid, other] = looks.map((look) => look.pid);
  if (pid === other || looks.some((look, i) => look.pid !== (i % 2 === 0 ? pid : other))) {
    return unusable(POOLED);
  }
  return looks[0]!.plans === SESSION.plan_cache_mode ? undefined : unusable(DROPPED);
}

const REMEDY =
  'Set DATABASE_POOLER=transaction if it is in transaction mode; otherwise let the URL name Postgres itself: settings, prepared statements and locks belong to a session here.';
const POOLED = `a pooler in transaction or statement mode stands between. ${REMEDY}`;
/** A pooler has refused the settings of a session, or ignored them. */
export const DROPPED = `a pooler that drops what a session begins with stands between. ${REMEDY}`;
