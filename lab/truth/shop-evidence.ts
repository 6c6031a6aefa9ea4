import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Order, Sold } from '../../load-tests/lib/target.js';
import { ExpectedError } from '../../local/expected-error.js';
import type { K6Summary } from '../k6.js';
import type { ShopEvidence } from './shop-truth.js';

/** What a load test of somebody's shop prints, a line each: what buyers and, in the end, what it were told. */
type Line = { promised: Row } | { sold: Sold; query?: string };

/** As shops have it: ids may be numbers, and numbers text. */
type Row = Partial<Record<keyof Order, unknown>>;

const orderOf = ({ id, buyer, units }: Row): Order => ({
  id: String(id),
  buyer: String(buyer),
  units: Number(units),
});

/** Most milliseconds that a query may take. */
const PATIENCE_MS = 30_000;

/** Reads what a load test of somebody's shop left in its directory, and asks the database if there is something to ask. */
export async function readEvidence(
  directory: string,
  databaseUrl: string | undefined,
): Promise<Omit<ShopEvidence, 'loaded'>> {
  const { saleId, stock, requests, soldOut, unexpected } = JSON.parse(
    readFileSync(join(directory, 'k6-summary.json'), 'utf8'),
  ) as K6Summary & { stock: number };
  const lines = readFileSync(join(directory, 'told.log'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  const promised = lines.flatMap((line) => ('promised' in line ? [orderOf(line.promised)] : []));
  const end = lines.find((line) => 'sold' in line);
  if (!end) throw new ExpectedError('The shop did not tell what it sold, so there is no verdict.');
  const sold = { ...end.sold, orders: end.sold.orders?.map(orderOf) };
  const rows = end.query && databaseUrl ? await ordersIn(databaseUrl, end.query, saleId) : undefined;
  return { stock, asked: requests, soldOut, unexpected, promised, sold, rows };
}

async function ordersIn(url: string, query: string, saleId: string): Promise<Order[]> {
  const limits = { connectionTimeoutMillis: PATIENCE_MS, query_timeout: PATIENCE_MS };
  const database = new Client({ connectionString: url, ...limits });
  database.on('error', () => {}); // a broken connection is told by the query
  try {
    await database.connect();
    const { rows, fields } = await database.query<Row>(query, [saleId]);
    const missing = ['id', 'buyer', 'units'].filter((column) => !fields.some(({ name }) => name === column));
    if (missing.length > 0) throw new Error(`it has no column ${missing.join(', ')}`);
    const orders = rows.map(orderOf);
    if (!orders.every(({ units }) => Number.isInteger(units)))
      throw new Error('units has to be whole numbers');
    return orders;
  } catch (error) {
    throw new ExpectedError(`The query of the target cannot be answered: ${(error as Error).message}`);
  } finally {
    await database.end();
  }
}
