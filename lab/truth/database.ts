import { Client } from 'pg';

/** Work with a connection of its own to Postgres. */
export async function withDatabase<T>(url: string, work: (database: Client) => Promise<T>): Promise<T> {
  const database = new Client({ connectionString: url });
  database.on('error', () => {}); // a broken connection is told by the next query
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
