import { reachable, verdictOf, type Log } from '@app/servers';
import type { Pool } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, poolOf } from './data-source.js';

/** In milliseconds: a change of a table that waits for longer lets the requests go first that wait behind it. */
const LOCK_MS = 3_000;
const PAUSE_MS = 500;
/** In milliseconds: between two looks at who is in the way, and how long such a look may take. */
const LOOK_MS = 2_000;
const LOOK_TIMEOUT_MS = 30_000;

const IN_THE_WAY_SQL = `
  SELECT DISTINCT holder.pid, holder.application_name AS application, holder.state, left(holder.query, 200) AS query,
    extract(epoch FROM clock_timestamp() - holder.xact_start)::int AS seconds
  FROM pg_stat_activity AS waiting, unnest(pg_blocking_pids(waiting.pid)) AS by (pid)
  LEFT JOIN pg_stat_activity AS holder ON holder.pid = by.pid
  WHERE waiting.application_name = $1`;

/**
 * Brings the schema up to date, however long that takes, and says what it waits for. Safe to run from several processes at
 * once: they take turns.
 */
export async function migrate(url: string, log: Log = { warn: () => undefined }): Promise<void> {
  await reachable({ Postgres: url }, log);
  const applicationName = `migrate-${process.pid}`;
  const options = dataSourceOptions({ url, poolSize: 3, applicationName });
  const dataSource = await new DataSource({
    ...options,
    // A statement may take its time: an index on a large table, or a silence while it is built.
    extra: { ...options.extra, statement_timeout: 0, stream: undefined, lock_timeout: LOCK_MS },
  }).initialize();
  const done = new AbortController();
  await Promise.race([run(dataSource), watch(poolOf(dataSource), applicationName, log, done.signal)]);
  done.abort();
  await dataSource.destroy();
}

async function run(dataSource: DataSource): Promise<void> {
  const turn = await poolOf(dataSource).connect();
  try {
    await patiently(() => turn.query(`SELECT pg_advisory_lock(hashtext('migrations'))`));
    await patiently(() => dataSource.runMigrations({ transaction: 'all' }));
  } finally {
    turn.release(true); // ends the session and with it the lock
  }
}

/** Again and again for as long as locks are in the way. */
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

/** Tells whose locks are waited for. Rejects when Postgres is not heard any more: the others would wait for ever. */
async function watch(pool: Pool, applicationName: string, log: Log, done: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal: done });
    for (const holder of await inTheWay(pool, applicationName))
      log.warn(holder, 'waits for a lock that another session holds');
  }
}

/** Nobody where Postgres has no connection to spare for the look: it is heard all the same. */
async function inTheWay(pool: Pool, applicationName: string): Promise<object[]> {
  try {
    const look = { text: IN_THE_WAY_SQL, values: [applicationName], query_timeout: LOOK_TIMEOUT_MS };
    return (await pool.query<object>(look)).rows;
  } catch (error) {
    if (verdictOf(error) !== 'not-now') throw error;
    return [];
  }
}
