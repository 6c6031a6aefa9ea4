import type { Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Schema1763900000000 } from './migrations/1763900000000-schema.js';
import { Stripes1764000000000 } from './migrations/1764000000000-stripes.js';
import { Payments1764100000000 } from './migrations/1764100000000-payments.js';
import { WaitingRoom1764200000000 } from './migrations/1764200000000-waiting-room.js';

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly entities?: DataSourceOptions['entities'];
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

/** Longest silence inside a transaction, in milliseconds: a stopped process must not keep a row locked for ever. */
const IDLE_IN_TRANSACTION_MS = 5_000;
/** Longest statement, in milliseconds: beyond it the work is given up and tried again. */
const STATEMENT_TIMEOUT_MS = 10_000;
/**
 * A named statement is planned once per connection. Left to itself, Postgres plans the batched ones anew each time, for a third
 * of what they cost: it sees that these arrays are shorter than it assumes of any. The plan is the same, by primary keys.
 */
const PLAN_ONCE = '-c plan_cache_mode=force_generic_plan';

export function dataSourceOptions({
  url,
  poolSize,
  entities = [],
  applicationName,
}: DatabaseOptions): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities,
    migrations: [Schema1763900000000, Stripes1764000000000, Payments1764100000000, WaitingRoom1764200000000],
    applicationName,
    connectTimeoutMS: 2_000,
    poolErrorHandler: () => undefined, // a broken idle connection is replaced; whoever uses one sees its own error
    extra: {
      max: poolSize,
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      options: PLAN_ONCE,
    },
  };
}

/** The pg pool beneath a data source, for the statements of the critical section: named, prepared, no mapping. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as PostgresDriver).master as Pool;
}

/** Brings the schema up to date. Safe to run from several processes at once: they take turns. */
export async function migrate(url: string): Promise<void> {
  const dataSource = await new DataSource(
    dataSourceOptions({ url, poolSize: 2, applicationName: 'migrate' }),
  ).initialize();
  const turn = await poolOf(dataSource).connect();
  try {
    await turn.query(`SELECT pg_advisory_lock(hashtext('migrations'))`);
    await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    turn.release(true); // ends the session and with it the lock
    await dataSource.destroy();
  }
}
