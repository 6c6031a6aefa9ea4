import { CriticalSection, TokenWentBackError } from '@app/inventory';
import { Pool, type QueryConfig } from 'pg';
import { codeOf, type Process } from './process.js';
import type { CheckoutResult, CheckoutTask } from './protocol.js';

/** Settles one order with the application's own critical section, halting on the way where the lab wants it. */
export async function checkout(self: Process, { order, ...locking }: CheckoutTask): Promise<CheckoutResult> {
  const resource = `${order.saleId}:${order.sku}`;
  const target = {
    saleId: order.saleId,
    sku: order.sku,
    write: 'read-modify-write',
    perBuyerLimit: null,
  } as const;
  const pool = haltingPool(self, resource);
  try {
    return await self.holding(locking, resource, async (lease) => {
      const { outcomes } = await new CriticalSection(pool, target, lease).settle([order]);
      await self.reach('committed');
      return outcomes[0]!;
    });
  } catch (error) {
    // As a worker does it: the next lease comes with a token that the row accepts.
    if (error instanceof TokenWentBackError) await self.reseed(locking.driver, error);
    return { error: codeOf(error) };
  } finally {
    await pool.end();
  }
}

/** A pool whose statements of the critical section are told to the lab, and wait where it wants them to. */
function haltingPool(self: Process, resource: string): Pool {
  const pool = new Pool({ connectionString: self.setup.servers.postgres, max: 1 });
  const query = pool.query.bind(pool) as Query;
  const halting: Query = async (statement, values) => {
    const [step] = typeof statement === 'string' ? [] : statement.name!.split(' ');
    if (step === 'write') await self.reach('writing');
    const result = await query(statement, values);
    const available = result.rows[0]?.available;
    const told = { resource, detail: String(available) };
    if (step === 'read') {
      self.record('read', told);
      await self.reach('read');
    }
    if (step === 'write') self.record(available === undefined ? 'refused' : 'wrote', told);
    return result;
  };
  return Object.assign(pool, { query: halting });
}

type Query = (
  statement: string | QueryConfig,
  values?: unknown[],
) => Promise<{ rows: { available: number }[] }>;
