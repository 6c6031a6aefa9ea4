import { Socket } from 'node:net';
import type { Pool, PoolConfig } from 'pg';
import { lend, putBack } from './lend.js';
import { NamelessClient } from './nameless-client.js';
import { reasonOf } from './reason.js';

/** In milliseconds: most time until a connection is made, or one of the pool is free. */
const CONNECT_MS = 2_000;
/** In milliseconds: Postgres gives up a longer statement, and it is tried again. */
const STATEMENT_MS = 8_000;
/** In milliseconds: a connection that is silent for longer is closed. Above STATEMENT_MS: a server that is heard answers before. */
const SILENCE_MS = 9_000;
/** In milliseconds: an idle connection is closed before it counts as silent. */
const IDLE_MS = 8_000;
/** In milliseconds: most silence inside a transaction. A stopped process must not keep a row locked for ever. */
const IDLE_IN_TRANSACTION_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;
/** In milliseconds: for the check of /health. */
const PROBE_MS = 1_500;

/** Settings of every session, whatever the database's defaults are. */
export const SESSION = {
  // Plans a named statement once per connection. Otherwise Postgres plans the batched ones anew each time, because their arrays are
  // shorter than its estimate. That costs a third of their time and leads to the same plan.
  plan_cache_mode: 'force_generic_plan',
  // A plan that was made while a table had few rows lives on when it has a million: it must use an index from the beginning. The rare
  // plan without one counts as so dear then that Postgres would compile it each time.
  enable_seqscan: 'off',
  jit: 'off',
  // All SQL here is written for it.
  default_transaction_isolation: 'read committed',
};
const OPTIONS = Object.entries(SESSION)
  .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  .join(' ');

/** Of the time that a session may take, in milliseconds. */
const TIMEOUTS = {
  statement_timeout: STATEMENT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
};

/** The settings that the role of API and workers must have in the database where a pooler stands between, as pg_settings shows them. */
export const ROLE_SETTINGS: Readonly<Record<string, string>> = {
  ...SESSION,
  ...Object.fromEntries(Object.entries(TIMEOUTS).map(([name, value]) => [name, String(value)])),
};

/** How Postgres is reached. */
export interface PostgresServer {
  readonly url: string;
  /**
   * What the URL leads to: Postgres itself unless given, or a pooler that runs each transaction in a session of its choice. Some of
   * those keep the prepared statements of their clients apart.
   */
  readonly pooler?: 'none' | 'transaction' | 'transaction-prepared';
}

/** A session that begins here brings its settings along. One of a pooler has those of its role. */
const SESSIONS = {
  none: { ...TIMEOUTS, options: OPTIONS },
  transaction: { Client: NamelessClient },
  'transaction-prepared': {},
} satisfies Record<NonNullable<PostgresServer['pooler']>, PoolConfig>;

/** Every connection to Postgres but those of migrations. */
export function postgresOptions({ url, pooler = 'none' }: PostgresServer): PoolConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    stream: () => {
      const socket = new Socket();
      // The socket closes, rather than a query time out: its user loses the connection at once, and nobody gets it again.
      return socket.setTimeout(SILENCE_MS, () =>
        socket.destroy(new Error(`Postgres has said nothing for ${SILENCE_MS} ms`)),
      );
    },
    ...SESSIONS[pooler],
  };
}

const WRITABLE = {
  name: 'writable',
  text: `SELECT current_setting('transaction_read_only') = 'off' AS writable`,
  query_timeout: PROBE_MS,
};

/**
 * Leaves a connection that takes no writes: the next one may, once the address leads to the primary again.
 *
 * @throws {Error} that says why Postgres cannot be used
 */
export async function probePostgres(pool: Pool): Promise<void> {
  if (!(await isWritable(pool).catch(rejectWithReason))) throw new Error('takes no writes');
}

async function isWritable(pool: Pool): Promise<boolean> {
  const client = await lend(pool);
  let writable = false;
  try {
    const { rows } = await client.query<{ writable: boolean }>(WRITABLE);
    writable = rows[0]!.writable;
    return writable;
  } finally {
    putBack(client, !writable);
  }
}

function rejectWithReason(error: unknown): never {
  throw new Error(reasonOf(error), { cause: error });
}
