import type { Client } from 'pg';
import type { Stack } from '../../local/stack/stack.js';
import type { Truth } from './broken-promises.js';

/** The API's audit of a sale, with the orders counted that Postgres has. */
export async function readTruth(
  { apiUrls }: Pick<Stack, 'apiUrls'>,
  database: Client,
  saleId: string,
): Promise<Truth> {
  const response = await fetch(`${apiUrls[0]}/sales/${saleId}/audit`);
  if (!response.ok) throw new Error(`no audit: ${response.status} ${await response.text()}`);
  const { total } = (await response.json()) as { total: Truth };
  const { rows } = await database.query<{ ended: number }>(
    'SELECT count(*)::int AS ended FROM orders WHERE sale_id = $1',
    [saleId],
  );
  return { ...total, ended: rows[0]!.ended };
}
