import { postgresOptions } from '@app/servers';
import pg from 'pg';

/** How Postgres runs a statement in a session of the application that begins now: a line for each step. */
export async function planOf(url: string, text: string): Promise<string[]> {
  const client = new pg.Client(postgresOptions({ url }));
  await client.connect();
  try {
    await client.query(`PREPARE statement AS ${text}`);
    const { rows } = await client.query<{ types: string[] }>(
      `SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'statement'`,
    );
    const values = rows[0]!.types.map((type) => `NULL::${type}`).join(', ');
    const plan = await client.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN EXECUTE statement${values === '' ? '' : `(${values})`}`,
    );
    return plan.rows.map((row) => row['QUERY PLAN']);
  } finally {
    await client.end();
  }
}
