import type { Percentiles } from '../../statistics/percentiles.js';
import type { JourneyPoint } from '../../truth/journey-truth.js';

/** A sale to buyers who pay, walk away, or are declined, as `summary.json` has it. What counts units may be read as buyers: each wants one. */
export interface JourneyFigures {
  strategy: string;
  workers: number;
  apiReplicas: number;
  batchSize: number;
  initialStock: number;
  reservationTtlSeconds: number;
  /** Buyers who asked for a unit. */
  requests: number;
  /** Of them: had to wait until they were let in. */
  waited: number;
  /** Told that nothing was available at that moment. */
  turnedAway: number;
  /** Told that a unit is reserved for them. */
  accepted: number;
  /** Of the accepted: left without a word, and had their payment declined. */
  walkedAway: number;
  declined: number;
  /** Reservations that ended unpaid, and units that were reserved once more after that. */
  expired: number;
  soldAgain: number;
  /** At the end. */
  held: number;
  sold: number;
  available: number;
  /** Units that the payment provider took money for and did not give it back. */
  charged: number;
  oversold: number;
  /** Units that lay available through the last seconds of demand, while buyers were turned away. */
  undersold: number;
  /** Buyers who were turned away while there were units, as the API found it. */
  refusedWithStock: number;
  lostUpdates: number;
  /** available + held + sold === initialStock */
  conserved: boolean;
  latencyMs: Percentiles;
  timeToTerminalMs: Percentiles;
  droppedIterations: number;
}

/** A journey with what the verdict and the report need beyond its figures. */
export interface JourneyResult {
  figures: JourneyFigures;
  plannedRequests: number;
  /** Reservations that Postgres has seen, whatever became of them. */
  reservations: number;
  /** Buyers who were told that they have paid. */
  toldPaid: number;
  unexpectedAnswers: number;
  auditAgrees: boolean;
  series: JourneyPoint[];
  dashboard: string;
}
