import type { Pool, PoolClient } from 'pg';

/** A connection of the pool for several statements; it goes back by {@link putBack}. */
export async function lend(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect();
  client.on('error', ignore);
  return client;
}

export function putBack(client: PoolClient, broken: boolean) {
  client.off('error', ignore);
  client.release(broken);
}

/** A lost connection rejects the statement at hand; without a listener it would end the process as well. */
const ignore = () => undefined;
