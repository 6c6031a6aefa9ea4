import type { HistoryEvent } from './history.js';

export type Expectation = 'SAFE' | 'UNSAFE';
export type Verdict = 'PASS' | 'FAIL' | 'INCONCLUSIVE';

/** What was observed in a run of one cell. */
export interface Observation {
  /** What went wrong, in the words of the checker that found it. Empty: the cell was safe. */
  readonly harms: readonly string[];
  /** Whether the fault happened as the schedule wanted it. If it did not, nothing is proven. */
  readonly fired: boolean;
  /** What else must be so whatever the cell is expected to show: a violated one fails it. */
  readonly violations?: readonly string[];
  /** Numbers, by name; those in milliseconds end with Ms. Several values of one name are a distribution. */
  readonly figures: Readonly<Record<string, number | readonly number[]>>;
  /** What happened, in a sentence or two. */
  readonly account: string;
  /** What was recorded, for the drawing. */
  readonly timeline?: readonly HistoryEvent[];
}

/** One experiment with one lock, with the fence or without it, under one seed. */
export interface Cell {
  readonly experiment: string;
  readonly driver: string;
  readonly fence: boolean;
  /** What sets it apart from other cells of the experiment with the same lock. */
  readonly variant?: string;
  readonly seed: number;
  readonly expected: Expectation;
  readonly observed: Expectation;
  readonly verdict: Verdict;
  readonly figures: Observation['figures'];
  readonly evidence: Pick<Observation, 'harms' | 'violations' | 'account' | 'timeline'>;
}

/** A run that was expected to do harm and did none proves nothing, no more than one whose fault did not happen. */
export function verdictOfCell(
  expected: Expectation,
  { fired, harms, violations = [] }: Pick<Observation, 'fired' | 'harms' | 'violations'>,
): Verdict {
  const observed = observedIn(harms);
  if (violations.length > 0 || (expected === 'SAFE' && observed === 'UNSAFE')) return 'FAIL';
  return fired && observed === expected ? 'PASS' : 'INCONCLUSIVE';
}

export const observedIn = (harms: readonly string[]): Expectation => (harms.length > 0 ? 'UNSAFE' : 'SAFE');

/** The worst of the cells. No cell at all proves nothing. */
export function verdictOfAll(cells: readonly Pick<Cell, 'verdict'>[]): Verdict {
  if (cells.some(({ verdict }) => verdict === 'FAIL')) return 'FAIL';
  if (cells.length === 0 || cells.some(({ verdict }) => verdict === 'INCONCLUSIVE')) return 'INCONCLUSIVE';
  return 'PASS';
}
