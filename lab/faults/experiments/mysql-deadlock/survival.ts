import type { Observation } from '../../cell.js';
import type { History } from '../../history.js';
import { DEADLOCK } from './lockings.js';

/** Sessions that were rolled back. One that tries again may be rolled back more than once, and is one victim all the same. */
export function victimsIn({ events }: Pick<History, 'events'>): string[] {
  const rolledBack = events.filter(({ kind, detail }) => kind === 'failed' && detail === `error ${DEADLOCK}`);
  return [...new Set(rolledBack.map(({ actor }) => actor))];
}

/** What is wrong with who got the lock in the end, by the name of the session. */
export function survivalOf(
  granted: ReadonlyMap<string, boolean>,
): Pick<Observation, 'harms'> & Required<Pick<Observation, 'violations'>> {
  const without = [...granted].filter(([, got]) => !got);
  return {
    harms: without.map(([name]) => `deadlock: the ${name} was rolled back with error ${DEADLOCK}`),
    violations: without.length < granted.size ? [] : ['nobody survived the deadlock'],
  };
}
