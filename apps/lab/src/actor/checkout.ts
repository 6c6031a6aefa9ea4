import { CriticalSection, resourceOf, TokenWentBackError } from '@app/inventory';
import type { Lease } from '@app/lock';
import type { OrderRequest, Outcome } from '@app/orders';
import { Pool, type QueryConfig } from 'pg';
import { codeOf, type Process } from './process.js';
import type { CheckoutResult, CheckoutTask } from './protocol.js';

/** Settles one order with the application's own critical section, halting on the way where the lab wants it. */
export function checkout(
  self: Process,
  { order, ...locking }: CheckoutTask,
  Section: Section = CriticalSection,
): Promise<CheckoutResult> {
  return withStock(self, order, async (pool, target, resource) => {
    try {
      return await self.holding(locking, resource, async (lease) => {
        const { outcomes } = await new Section(pool, target, lease).settle([order]);
        await self.reach('committed');
        return outcomes[0]!;
      });
    } catch (error) {
      // As a worker does it: the next lease comes with a token that the row accepts.
      if (error instanceof TokenWentBackError) await self.reseed(locking.driver, error);
      throw error;
    }
  });
}

/** Work on the stock that an order wants, with one connection of its own. Resolves to the error that ends it, if one does. */
export async function withStock(
  self: Process,
  { saleId, sku }: OrderRequest,
  work: (pool: Pool, target: SectionTarget, resource: string) => Promise<Outcome>,
): Promise<CheckoutResult> {
  const resource = resourceOf({ saleId, sku });
  const pool = haltingPool(self, resource);
  try {
    return await work(pool, { saleId, sku, write: 'read-modify-write', perBuyerLimit: null }, resource);
  } catch (error) {
    return { error: codeOf(error) };
  } finally {
    await pool.end();
  }
}

export type Section = new (
  pool: Pool,
  target: SectionTarget,
  lease: Lease,
) => Pick<CriticalSection, 'settle'>;
type SectionTarget = ConstructorParameters<typeof CriticalSection>[1];

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
