import { isPassing, isSqlState, reachable, verdictOf, type Log } from '@app/servers';
import type { Pool } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, poolOf } from './data-source.js';
import { giveSettings } from './role-settings.js';
import { grant, type RuntimeRole } from './runtime-role.js';

/** In milliseconds: a change of a table that waits for longer gives up and lets the requests behind it go first. */
const LOCK_MS = 3_000;
const PAUSE_MS = 500;
/** In milliseconds: between two looks at which sessions block, and for one such look. */
const TOO_MANY_CONNECTIONS = '53300';
const LOOK_MS = 2_000;
const LOOK_TIMEOUT_MS = 30_000;

interface Roles {
  readonly runtimeRole: RuntimeRole | undefined;
  readonly isPooled: boolean;
}

const IN_THE_WAY_SQL = `
  SELECT DISTINCT holder.pid, holder.application_name AS application, holder.state, left(holder.query, 200) AS query,
    extract(epoch FROM clock_timestamp() - holder.xact_start)::int AS seconds
  FROM pg_stat_activity AS waiting, unnest(pg_blocking_pids(waiting.pid)) AS by (pid)
  LEFT JOIN pg_stat_activity AS holder ON holder.pid = by.pid
  WHERE waiting.application_name = $1`;

/**
 * Brings the schema up to date, however long that takes, and logs what it waits for. Several processes may run it: they take turns.
 * Begins anew whenever Postgres goes away. Lets `runtimeRole`, if there is one, read and write rows.
 *
 * @param url of Postgres itself
 * @param isPooled whether API and workers come through a pooler: then their role has the settings of their sessions
 * @throws {ServerUnusableError}
 */
export async function migrate(
  url: string,
  log: Log = { warn: () => undefined },
  runtimeRole?: RuntimeRole,
  isPooled = false,
): Promise<void> {
  for (;;) {
    await reachable({ Postgres: { url } }, log);
    try {
      return await attempt(url, log, { runtimeRole, isPooled });
    } catch (error) {
      if (!isPassing(error)) throw error;
      log.warn({ err: error }, 'has lost Postgres and begins anew');
      await sleep(PAUSE_MS);
    }
  }
}

/** No limits, whatever its role has: an index on a large table takes long, in silence. */
export function migrationOptions(url: string, applicationName: string) {
  const options = dataSourceOptions({ url, poolSize: 3, applicationName });
  const { options: settings, ...extra } = options.extra;
  const unlimited = {
    statement_timeout: undefined,
    stream: undefined,
    options: [settings, '-c statement_timeout=0'].join(' '),
  };
  return { ...options, extra: { ...extra, ...unlimited, lock_timeout: LOCK_MS } };
}

/** One transaction holds all migrations: what is lost halfway has not begun. */
async function attempt(url: string, log: Log, roles: Roles): Promise<void> {
  const applicationName = `migrate-${process.pid}`;
  const dataSource = await new DataSource(migrationOptions(url, applicationName)).initialize();
  const done = new AbortController();
  try {
    await Promise.race([
      run(dataSource, roles),
      watch(poolOf(dataSource), applicationName, log, done.signal),
    ]);
  } finally {
    done.abort();
    await dataSource.destroy();
  }
}

async function run(dataSource: DataSource, { runtimeRole, isPooled }: Roles): Promise<void> {
  const turn = await poolOf(dataSource).connect();
  turn.on('error', () => undefined); // told by the rejection of what it was to do
  try {
    await patiently(() => turn.query(`SELECT pg_advisory_lock(hashtext('migrations'))`));
    await patiently(() => dataSource.runMigrations({ transaction: 'all' }));
    if (runtimeRole) await patiently(() => grant(turn, runtimeRole));
    if (isPooled) await patiently(() => giveSettings(turn, runtimeRole?.name));
  } finally {
    turn.release(true); // ends the session and with it the lock
  }
}

/** Repeats the work while locks are in the way. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (verdictOf(error) !== 'repeat') throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** Logs which sessions block. Rejects once Postgres no longer answers, since the migration would wait for ever. */
async function watch(pool: Pool, applicationName: string, log: Log, done: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal: done });
    for (const holder of await inTheWay(pool, applicationName))
      log.warn(holder, 'waits for a lock that another session holds');
  }
}

/** Resolves to none if Postgres has no connection to spare: it answers all the same. */
async function inTheWay(pool: Pool, applicationName: string): Promise<object[]> {
  try {
    const look = { text: IN_THE_WAY_SQL, values: [applicationName], query_timeout: LOOK_TIMEOUT_MS };
    return (await pool.query<object>(look)).rows;
  } catch (error) {
    if (!isSqlState(error, TOO_MANY_CONNECTIONS)) throw error;
    return [];
  }
}
