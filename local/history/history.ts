import pg, { type Client } from 'pg';
import { HISTORY, type HistorySize, type Step } from './history-sql.js';
import { withoutIndexes } from './without-indexes.js';

/** Tables written at the same time. */
const AT_ONCE = 2;
/** While it is written. A crash loses it, and nothing else is there. */
const HASTE = `
  SET synchronous_commit = off;
  SET maintenance_work_mem = '1GB'`;

/**
 * Fills an empty database with what a shop leaves behind that has sold for long: sales that are open, with their stock, orders, movements,
 * payments and events. It fits together: the audit of each of its sales is clean. Resolves to the number of rows.
 */
export async function writeHistory(
  url: string,
  size: HistorySize,
  progress: (line: string) => void = () => undefined,
): Promise<number> {
  const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => connect(url)));
  let rows = 0;
  const write = async (client: Client, { table, text }: Step) => {
    const began = performance.now();
    const { rowCount } = await withoutIndexes(client, table, () => client.query(text(size)));
    rows += rowCount!;
    const seconds = Math.round((performance.now() - began) / 1_000);
    progress(`${table}: ${rowCount!.toLocaleString('en')} rows in ${seconds} s`);
  };
  try {
    for (const step of HISTORY.first) await write(clients[0]!, step);
    const waiting = [...HISTORY.afterwards];
    await Promise.all(
      clients.map(async (client) => {
        for (let step; (step = waiting.shift());) await write(client, step);
      }),
    );
    await clients[0]!.query('VACUUM (ANALYZE)');
    return rows;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function connect(url: string): Promise<Client> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(HASTE);
  return client;
}
