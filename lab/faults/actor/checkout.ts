import {
  CriticalSection,
  PlainStore,
  resourceOf,
  TokenWentBackError,
  type Database,
  type StockStore,
} from '@app/inventory';
import type { OrderRequest, Outcome } from '@app/orders';
import { existsSync } from 'node:fs';
import { Pool } from 'pg';
import { codeOf, type Process } from './process.js';
import type { CheckoutResult, CheckoutTask } from './protocol.js';

/** The store that a section works with. `fenced`: its lease has a token. */
export type StoreOf = (database: Database, fenced: boolean) => StockStore;

const plain: StoreOf = (database, fenced) =>
  new PlainStore(database, fenced ? 'fenced' : 'read-modify-write');

/** Settles one order with the application's own critical section, halting on the way where the lab wants it. */
export function checkout(
  self: Process,
  { order, busy, ...locking }: CheckoutTask,
  storeOf: StoreOf = plain,
): Promise<CheckoutResult> {
  return withStock(self, order, async (pool, target, resource) => {
    try {
      return await self.holding(locking, resource, async (lease) => {
        const store = halting(self, resource, storeOf(pool, lease.token !== undefined), busy);
        const { outcomes } = await new CriticalSection(pool, target, lease, store).settle([order]);
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
  const pool = new Pool({ connectionString: self.setup.servers.postgres, max: 1 });
  const target = { saleId, sku, write: 'read-modify-write', perBuyerLimit: null } as const;
  try {
    return await work(pool, target, resourceOf(target));
  } catch (error) {
    return { error: codeOf(error) };
  } finally {
    await pool.end();
  }
}

type SectionTarget = ConstructorParameters<typeof CriticalSection>[1];

/** A store that tells the lab what it does, and waits where the lab wants it to. */
export const halting = (
  self: Process,
  resource: string,
  store: StockStore,
  busy?: CheckoutTask['busy'],
): StockStore => ({
  async read(key) {
    const row = await store.read(key);
    self.record('read', { resource, detail: String(row.available) });
    await self.reach('read');
    if (busy) blockEventLoop(busy);
    return row;
  },
  async write(change) {
    await self.reach('writing');
    const available = await store.write(change);
    self.record(available === undefined ? 'refused' : 'wrote', { resource, detail: String(available) });
    return available;
  },
  restock: (...work) => store.restock(...work),
});

/** As a long computation does, but that it leaves the processor to others. */
function blockEventLoop({ file, longest }: NonNullable<CheckoutTask['busy']>) {
  const nobodyWakesIt = new Int32Array(new SharedArrayBuffer(4));
  for (const endsAt = performance.now() + longest; performance.now() < endsAt && !existsSync(file);)
    Atomics.wait(nobodyWakesIt, 0, 0, 20);
}
