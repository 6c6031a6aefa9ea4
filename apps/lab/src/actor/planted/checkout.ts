import { CriticalSection } from '@app/inventory';
import { checkout, withStock, type Section } from '../checkout.js';
import type { Process } from '../process.js';
import type { CheckoutResult, CheckoutTask, PlantedSection } from '../protocol.js';
import { TokenWithoutHolder, FencedOnlyInWrite, Unfenced } from './sections.js';

const SECTIONS: Partial<Record<PlantedSection, Section>> = {
  'planted:fence-not-checked': Unfenced,
  'planted:fence-only-in-write': FencedOnlyInWrite,
  'planted:token-without-holder': TokenWithoutHolder,
};

/** Settles one order as {@link checkout} does, with a section that is broken. */
export function plantedCheckout(self: Process, { section, ...task }: CheckoutTask): Promise<CheckoutResult> {
  const Section = SECTIONS[section!];
  return Section ? checkout(self, task, Section) : commitAfterRelease(self, task);
}

/** The lock is inside the transaction: what is done under it shows only after it was given back. */
function commitAfterRelease(self: Process, { order, ...locking }: CheckoutTask): Promise<CheckoutResult> {
  return withStock(self, order, async (pool, target, resource) => {
    await pool.query('BEGIN'); // it is a pool of one connection
    const settle = () => new CriticalSection(pool, target).settle([order]);
    const { outcomes } = await self.holding(locking, resource, settle);
    await self.reach('released');
    await pool.query('COMMIT');
    return outcomes[0]!;
  });
}
