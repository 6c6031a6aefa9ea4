import { CriticalSection, PlainStore } from '@app/inventory';
import { checkout, halting, withStock, type StoreOf } from '../checkout.js';
import type { Process } from '../process.js';
import type { CheckoutResult, CheckoutTask, PlantedSection } from '../protocol.js';
import { fencedOnlyInWrite, tokenWithoutHolder, unfenced } from './sections.js';

const STORES: Partial<Record<PlantedSection, StoreOf>> = {
  'planted:fence-not-checked': unfenced,
  'planted:fence-only-in-write': fencedOnlyInWrite,
  'planted:token-without-holder': tokenWithoutHolder,
};

/** Settles one order as {@link checkout} does, with a section that is broken. */
export function plantedCheckout(self: Process, { section, ...task }: CheckoutTask): Promise<CheckoutResult> {
  const storeOf = STORES[section!];
  return storeOf ? checkout(self, task, storeOf) : commitAfterRelease(self, task);
}

/** The lock is inside the transaction: what is done under it shows only after it was given back. */
function commitAfterRelease(self: Process, { order, ...locking }: CheckoutTask): Promise<CheckoutResult> {
  return withStock(self, order, async (pool, target, resource) => {
    await pool.query('BEGIN'); // it is a pool of one connection
    const store = halting(self, resource, new PlainStore(pool, target.write));
    const settle = () => new CriticalSection(pool, target, undefined, store).settle([order]);
    const { outcomes } = await self.holding(locking, resource, settle);
    await self.reach('released');
    await pool.query('COMMIT');
    return outcomes[0]!;
  });
}
