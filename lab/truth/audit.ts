import type { Client } from 'pg';
import type { Stack } from '../../local/stack/stack.js';
import type { Truth } from './broken-promises.js';

export type AuditedStack = Pick<Stack, 'apiUrls' | 'adminKey'>;

/** Most milliseconds that an audit may take. */
const PATIENCE_MS = 30_000;

/** The API's audit of a sale, over all its SKUs. */
export async function readAudit<T>(
  { apiUrls, adminKey }: AuditedStack,
  saleId: string,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const response = await fetch(`${apiUrls[0]}/sales/${saleId}/audit`, {
    headers: { Authorization: `Bearer ${adminKey}` },
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok) throw new Error(`no audit: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { total: T }).total;
}

/** The same, with the orders counted that Postgres has. */
export async function readTruth(stack: AuditedStack, database: Client, saleId: string): Promise<Truth> {
  const total = await readAudit<Truth>(stack, saleId);
  const { rows } = await database.query<{ ended: number }>(
    'SELECT count(*)::int AS ended FROM orders WHERE sale_id = $1',
    [saleId],
  );
  return { ...total, ended: rows[0]!.ended };
}
