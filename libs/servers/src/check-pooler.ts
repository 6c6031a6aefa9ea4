import type pg from 'pg';
import { unusable, type Hindrance } from './hindrance.js';
import { isSqlState } from './postgres-verdict.js';
import { ROLE_SETTINGS, type PostgresServer } from './postgres.js';

/** Looks by each of two clients, so that several of the pooler's sessions are seen. */
const TURNS = 4;

const LOOK = `SELECT current_user AS role,
  array(SELECT name FROM pg_settings JOIN unnest($1::text[], $2::text[]) AS needed (name, value) USING (name)
    WHERE setting <> value ORDER BY name) AS others`;

interface Look {
  readonly role: string;
  /** The settings that are other than needed. */
  readonly others: readonly string[];
}

/** Of each client, under the same name. */
const NAMED = [1, 2].map((answer) => ({ name: 'whose', text: `SELECT ${answer} AS answer` }));
/** A session knows no such statement, or has another one of that name. */
const MIXED_UP = ['26000', '42P05'];

/** Whether transactions through a pooler run as they would in sessions of their own. */
export async function judgePooler(
  clients: readonly [pg.Client, pg.Client],
  pooler: PostgresServer['pooler'],
): Promise<Hindrance | undefined> {
  // One after the other: the pooler may have a single session. In statement mode it refuses them.
  for (const client of clients) {
    await client.query('BEGIN');
    await client.query('COMMIT');
  }
  const role = await roleWithOtherSettings(clients);
  if (role) return unusable(role);
  if (pooler === 'transaction-prepared' && !(await keepsApart(clients))) return unusable(MIXES_UP);
  return undefined;
}

async function roleWithOtherSettings(clients: readonly pg.Client[]): Promise<string | undefined> {
  const needed = [Object.keys(ROLE_SETTINGS), Object.values(ROLE_SETTINGS)];
  const rows: Look[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const looks = await Promise.all(clients.map((client) => client.query<Look>(LOOK, needed)));
    rows.push(...looks.flatMap((look) => look.rows));
  }
  const others = [...new Set(rows.flatMap((row) => row.others))];
  return others.length === 0
    ? undefined
    : `sessions of the role ${rows[0]!.role} have not the ${others.join(', ')} they need. Run migrate with DATABASE_POOLER and DATABASE_DIRECT_URL (and DATABASE_RUNTIME_ROLE, where API and workers have a role of their own), which gives them to the role; then RECONNECT in the console of the pooler, since its sessions have what the role had when they began.`;
}

async function keepsApart(clients: readonly [pg.Client, pg.Client]): Promise<boolean> {
  try {
    // By turns: the pooler has them meet in the session that was used last.
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, client] of clients.entries()) {
        const { rows } = await client.query<{ answer: number }>(NAMED[i]!);
        if (rows[0]!.answer !== i + 1) return false;
      }
    }
    return true;
  } catch (error) {
    if (MIXED_UP.some((state) => isSqlState(error, state))) return false;
    throw error;
  }
}

const MIXES_UP =
  'the pooler mixes up the prepared statements of its clients. Set DATABASE_POOLER=transaction, or use PgBouncer 1.21 or newer with max_prepared_statements above 0.';
