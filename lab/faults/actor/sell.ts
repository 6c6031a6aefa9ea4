import { CriticalSection, resourceOf } from '@app/inventory';
import { isSqlState } from '@app/servers';
import { Pool, type PoolClient, type QueryConfig, type QueryResult } from 'pg';
import { DEFECTS } from './planted/statements.js';
import { codeOf, type Process } from './process.js';
import type { CheckoutResult, SellTask } from './protocol.js';

const SERIALIZATION_FAILURE = '40001';
/** A limit that nobody reaches: it takes a transaction of several statements to keep, and between these a process can be hit. */
const PER_BUYER = 1_000;

/** Settles one order with the application's own critical section, without a lock. Halts inside of its transaction. */
export async function sell(
  self: Process,
  { order, write, idleMs, defect }: SellTask,
): Promise<CheckoutResult> {
  const { saleId, sku } = order;
  const pool = new Pool({
    connectionString: self.setup.servers.postgres,
    max: 1,
    idle_in_transaction_session_timeout: idleMs,
  });
  pool.on('error', () => undefined); // told by the statement that finds it closed
  pool.on('connect', (client) => halting(self, resourceOf(order), client, defect && DEFECTS[defect]));
  try {
    const section = new CriticalSection(pool, { saleId, sku, write, perBuyerLimit: PER_BUYER });
    const { outcomes } = await section.settle([order]);
    self.record('released', { resource: resourceOf(order) });
    return outcomes[0]!;
  } catch (error) {
    self.record('failed', { resource: resourceOf(order), detail: codeOf(error) });
    return { error: codeOf(error) };
  } finally {
    await pool.end();
  }
}

type Statement = string | QueryConfig;

/** Has a connection tell the lab what is done on it, and wait where the lab wants it to. */
function halting(
  self: Process,
  resource: string,
  client: PoolClient,
  { rewrite = (text: string) => text, retries = true } = {},
) {
  const query = client.query.bind(client) as (
    statement: Statement,
    values?: unknown[],
  ) => Promise<QueryResult>;
  const told = async (statement: Statement, values?: unknown[]) => {
    const name = typeof statement === 'string' ? statement : statement.name!;
    if (name.startsWith('BEGIN')) self.record('asked', { resource });
    if (name === 'COMMIT') await self.reach('uncommitted');
    try {
      const result = await query(
        typeof statement === 'string' ? statement : { ...statement, text: rewrite(statement.text) },
        values,
      );
      if (name.startsWith('read')) {
        self.record('read', { resource });
        await self.reach('read');
      }
      // Too few units were free: nothing is written.
      if (name.startsWith('sell')) self.record(result.rowCount ? 'wrote' : 'refused', { resource });
      return result;
    } catch (error) {
      if (!isSqlState(error, SERIALIZATION_FAILURE)) throw error;
      self.record('refused', { resource, detail: SERIALIZATION_FAILURE });
      throw retries ? error : new Error('could not be serialized');
    }
  };
  client.query = told as typeof client.query;
}
