import type { Machine } from '../report/machine.js';
import type { Percentiles } from '../statistics/percentiles.js';
import type { Point } from '../truth/sale-truth.js';
import { count, units } from './format.js';
import type { JourneyFigures } from './journey/journey-figures.js';

/** One run as `summary.json` has it. */
export interface RunFigures {
  strategy: string;
  workers: number;
  apiReplicas: number;
  batchSize: number;
  initialStock: number;
  requests: number;
  accepted: number;
  live: number;
  available: number;
  oversold: number;
  undersold: number;
  lostUpdates: number;
  conserved: boolean;
  ordersPerSecond: number;
  latencyMs: Percentiles;
  timeToTerminalMs: Percentiles;
  droppedIterations: number;
}

export interface Summary {
  verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE';
  reasons: string[];
  machine: Machine;
  runs: RunFigures[];
  /** The second chapter: buyers who pay, walk away, or are declined. */
  journey?: JourneyFigures;
}

/** A run with what the verdict and the report need beyond its figures. */
export interface RunResult {
  figures: RunFigures;
  plannedRequests: number;
  /** Orders that reached a terminal state, counted in Postgres. */
  endedOrders: number;
  unexpectedAnswers: number;
  /** Whether the audit of the API says what the SQL of this demo says. */
  auditAgrees: boolean;
  series: Point[];
  /** File name of k6's own report beside ours. */
  dashboard: string;
}

export type Role = 'negative control' | 'lock-off' | 'lock-on';

/** `none` with one worker, one order at a time, cannot race with itself: it proves that the measurement is sound. */
export function roleOf({ strategy, workers }: Pick<RunFigures, 'strategy' | 'workers'>): Role {
  if (strategy !== 'none') return 'lock-on';
  return workers === 1 ? 'negative control' : 'lock-off';
}

/** What a run sold, in a few words. */
export function outcomeOf({ live, initialStock, oversold }: RunFigures): string {
  const sold = `sold ${count(live)} of ${units(initialStock)}`;
  return oversold > 0 ? `${sold}: ${count(oversold)} too many` : sold;
}
