import { Socket } from 'node:net';
import type { Pool, PoolConfig } from 'pg';
import { lend, putBack } from './lend.js';
import { reasonOf } from './reason.js';

/** In milliseconds: until a connection is made, or one of the pool is free. */
const CONNECT_MS = 2_000;
/** Longest statement, in milliseconds: beyond it Postgres gives it up, and it is tried again. */
const STATEMENT_MS = 8_000;
/** Beyond so many milliseconds without a word the connection is given up: more than the server's own limit, for one that is not heard. */
const SILENCE_MS = 9_000;
/** An idle connection is closed before its silence could be misread. */
const IDLE_MS = 8_000;
/** Longest silence inside a transaction, in milliseconds: a stopped process must not keep a row locked for ever. */
const IDLE_IN_TRANSACTION_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;
/** For /health and lookups of it. */
const PROBE_MS = 1_500;

/**
 * How a session is set up, whatever the database's own defaults are.
 *
 * - A named statement is planned once per connection. Left to itself, Postgres plans the batched ones anew each time, for a
 *   third of what they cost: it sees that these arrays are shorter than it assumes of any. The plan is the same, by primary keys.
 * - What is written here was written for READ COMMITTED.
 */
export const SESSION = {
  plan_cache_mode: 'force_generic_plan',
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
    // Closed by the socket rather than by a limit on queries: whoever has the connection loses it at once, and nobody gets it again.
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
 * A connection that takes no writes is left: the next one may, once the address leads to the primary again.
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
