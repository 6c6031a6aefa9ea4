import type { Audit } from '@app/inventory';
import { holdersAtOnce, staleWrites, type Movement } from './checks.js';
import type { EventKind, History } from './history.js';

/** What looks for harm, by what it finds. */
export type Checker =
  'more than one inside' | 'units oversold' | 'lost updates' | 'stale writes' | 'units unaccounted for';

/** Somebody who has written, or knows that the lock is gone, does no harm any more. */
const LEAVES = new Set<EventKind>(['wrote', 'refused', 'lost', 'finished', 'released', 'failed', 'killed']);

/** How many were in the critical section at the same moment at most: from a grant until the write. */
export const insideAtOnce = (history: History): number => holdersAtOnce(history.holds(LEAVES));

/**
 * What each checker counted, where it found anything.
 *
 * @param inside at most at the same moment; absent where a fence is on trial: two holders are its premise, not its harm
 */
export function findingsIn(
  { initial, available, held, sold, oversold, lostUpdates }: Audit['total'],
  movements: readonly Movement[],
  inside = 0,
): Map<Checker, number> {
  const counts: [Checker, number][] = [
    ['more than one inside', Math.max(0, inside - 1)],
    ['units oversold', oversold],
    ['lost updates', lostUpdates],
    ['stale writes', staleWrites(movements)],
    // What was oversold is missing here a second time.
    ['units unaccounted for', Math.abs(available + held + sold - initial - oversold)],
  ];
  return new Map(counts.filter(([, count]) => count > 0));
}

/** What is wrong with a catch: a defect that the wrong checkers find says that the checkers, or the schedule, are wrong. */
export function miscaught(found: ReadonlyMap<Checker, number>, expected: readonly Checker[]): string[] {
  const [missing, others] = [
    expected.filter((checker) => !found.has(checker)),
    [...found.keys()].filter((checker) => !expected.includes(checker)),
  ];
  if (found.size === 0 || missing.length + others.length === 0) return [];
  return [
    ...missing.map((checker) => `not caught by the checker of ${checker}`),
    ...others.map((checker) => `caught by the checker of ${checker}, which should see nothing here`),
  ];
}
