import type { JourneyFigures, JourneyResult } from '../journey/journey-figures.js';

export type JourneyChange = Partial<Omit<JourneyResult, 'figures'>> & { figures?: Partial<JourneyFigures> };

/** For unit tests: a journey on which nothing broke, but for what is changed. */
export function journeyResult({ figures, ...change }: JourneyChange = {}): JourneyResult {
  return {
    figures: {
      strategy: 'redis',
      workers: 4,
      apiReplicas: 2,
      batchSize: 64,
      initialStock: 300,
      reservationTtlSeconds: 1,
      requests: 1_500,
      waited: 210,
      turnedAway: 1_073,
      accepted: 427,
      walkedAway: 86,
      declined: 41,
      expired: 127,
      soldAgain: 127,
      held: 0,
      sold: 300,
      available: 0,
      charged: 300,
      oversold: 0,
      undersold: 0,
      refusedWithStock: 0,
      lostUpdates: 0,
      conserved: true,
      latencyMs: { p50: 2, p95: 20, p99: 40 },
      timeToTerminalMs: { p50: 9, p95: 20, p99: 40 },
      droppedIterations: 0,
      ...figures,
    },
    plannedRequests: 1_500,
    reservations: 427,
    toldPaid: 300,
    unexpectedAnswers: 0,
    auditAgrees: true,
    series: [],
    dashboard: 'k6.html',
    ...change,
  };
}
