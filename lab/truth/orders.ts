import type { Client } from 'pg';
import type { Settlement } from '../bench/http/idle-worker.js';
import type { Truth } from './broken-promises.js';
import type { Stack } from '../../local/stack/stack.js';

type Target = Pick<Stack, 'apiUrls' | 'adminKey'>;

/** Opens a sale; `items` gives the stock of each SKU. Returns its id. */
export async function openSale(
  { apiUrls, adminKey }: Target,
  strategy: string,
  items: Record<string, number>,
): Promise<string> {
  const response = await fetch(`${apiUrls[0]}/sales`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${adminKey}` },
    body: JSON.stringify({
      name: 'benchmark',
      strategy,
      items: Object.entries(items).map(([sku, stock]) => ({ sku, stock })),
    }),
  });
  if (response.status !== 201) throw new Error(`no sale: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

/** The API's audit of a sale, with the orders counted that Postgres has. */
export async function readTruth({ apiUrls }: Target, database: Client, saleId: string): Promise<Truth> {
  const response = await fetch(`${apiUrls[0]}/sales/${saleId}/audit`);
  if (!response.ok) throw new Error(`no audit: ${response.status} ${await response.text()}`);
  const { total } = (await response.json()) as { total: Truth };
  const { rows } = await database.query<{ ended: number }>(
    'SELECT count(*)::int AS ended FROM orders WHERE sale_id = $1',
    [saleId],
  );
  return { ...total, ended: rows[0]!.ended };
}

const SETTLEMENTS_SQL = `
  SELECT extract(epoch FROM accepted_at)::float8 * 1000 AS accepted, extract(epoch FROM settled_at)::float8 * 1000 AS settled
  FROM orders WHERE sale_id = $1`;

/** When each order of a sale was accepted and settled, as Postgres has it. */
export async function settlementsIn(database: Client, saleId: string): Promise<Settlement[]> {
  const { rows } = await database.query<{ accepted: number; settled: number }>(SETTLEMENTS_SQL, [saleId]);
  return rows.map(({ accepted, settled }) => [accepted, settled]);
}

/** When the last order of a sale was settled, in milliseconds since the epoch. */
export async function lastSettledAt(database: Client, saleId: string): Promise<number> {
  const { rows } = await database.query<{ at: number }>(
    'SELECT extract(epoch FROM max(settled_at))::float8 * 1000 AS at FROM orders WHERE sale_id = $1',
    [saleId],
  );
  return rows[0]!.at;
}

/** The ids of these orders that Postgres does not have. */
export async function missingFrom(database: Client, orderIds: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM unnest($1::uuid[]) AS given (id) WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = given.id)',
    [orderIds],
  );
  return rows.map(({ id }) => id);
}
