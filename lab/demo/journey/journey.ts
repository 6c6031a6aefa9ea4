import type { K6Summary } from '../../k6.js';
import { roundedAll } from '../../statistics/percentiles.js';
import { leastAvailable, readJourneyTruth, type JourneyTruth } from '../../truth/journey-truth.js';
import { readSaleTruth, type SaleTruth } from '../../truth/sale-truth.js';
import type { PlannedJourney } from '../plan.js';
import { agrees, sell, type Measuring } from '../sell.js';
import { extendTo, thinOut } from '../series.js';
import type { JourneyFigures, JourneyResult } from './journey-figures.js';

/** Seconds in which somebody must have bought what is available while there are buyers. */
const TIME_TO_BUY = 2;

/** A sale to buyers who pay, walk away, or are declined; and once the last reservation has ended, the truth. */
export async function measureJourney(measuring: Measuring, planned: PlannedJourney): Promise<JourneyResult> {
  const { stack, database } = measuring;
  const { strategy, rate, durationSeconds, reservationTtlSeconds, stock } = planned;
  const folder = `journey-${strategy}`;
  const sent = await sell(measuring, planned, {
    run: `journey: ${strategy}`,
    folder,
    stock,
    script: 'full-journey.ts',
    env: { RATE: rate, DURATION: durationSeconds, TTL: reservationTtlSeconds },
  });
  const sale = await readSaleTruth(database, sent.saleId, stock);
  const journey = await readJourneyTruth(database, sent.saleId, stock);
  const figures = figuresOf(planned, stack.apiUrls.length, sent, sale, journey);
  return {
    figures,
    plannedRequests: rate * durationSeconds,
    reservations: journey.reservations,
    toldPaid: sent.journeys.paid ?? 0,
    unexpectedAnswers: sent.unexpected,
    auditAgrees: agrees(sent.audit, { ...figures, live: sale.live }),
    series: extendTo(durationSeconds, thinOut(journey.series)),
    dashboard: `${folder}/k6.html`,
  };
}

function figuresOf(
  { strategy, workers, batchSize, durationSeconds, reservationTtlSeconds, stock }: PlannedJourney,
  apiReplicas: number,
  { requests, accepted, soldOut, journeys, latencyMs, droppedIterations, audit }: K6Summary,
  { available, live, lostUpdates, timeToTerminalMs }: SaleTruth,
  { held, sold, expired, walkedAway, declined, charged, reservations, series }: JourneyTruth,
): JourneyFigures {
  const idle = leastAvailable(series, durationSeconds - TIME_TO_BUY, durationSeconds);
  return {
    strategy,
    workers,
    apiReplicas,
    batchSize,
    initialStock: stock,
    reservationTtlSeconds,
    requests,
    waited: journeys.waited ?? 0,
    turnedAway: soldOut,
    accepted,
    walkedAway,
    declined,
    expired,
    soldAgain: Math.max(0, reservations - stock),
    held,
    sold,
    available,
    charged,
    oversold: Math.max(0, live - stock),
    undersold: Math.min(soldOut, Math.max(0, idle)),
    refusedWithStock: audit.refused_with_stock,
    lostUpdates,
    conserved: available + held + sold === stock,
    latencyMs: roundedAll(latencyMs),
    timeToTerminalMs: roundedAll(timeToTerminalMs),
    droppedIterations,
  };
}
