import { Socket } from 'node:net';
import type { Pool, PoolConfig } from 'pg';
import { lend, putBack } from './lend.js';
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

/** Every connection to Postgres but those of migrations. */
export const postgresOptions = {
  connectionTimeoutMillis: CONNECT_MS,
  statement_timeout: STATEMENT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  idleTimeoutMillis: IDLE_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  options: OPTIONS,
  stream: () => {
    const socket = new Socket();
    // The socket closes, rather than a query time out: its user loses the connection at once, and nobody gets it again.
    return socket.setTimeout(SILENCE_MS, () =>
      socket.destroy(new Error(`Postgres has said nothing for ${SILENCE_MS} ms`)),
    );
  },
} satisfies PoolConfig;

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
