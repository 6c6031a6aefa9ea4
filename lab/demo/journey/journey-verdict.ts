import { arrivalDoubts } from '../arrival.js';
import { count, counted, units } from '../format.js';
import type { JourneyResult } from './journey-figures.js';

/**
 * Share of those turned away who may have been so while there were units. Some are where a worker is killed between giving units
 * back and telling; more are of a mark that outlives its truth.
 */
const MOST_REFUSED_WITH_STOCK = 0.01;

type Judged = Omit<JourneyResult, 'series' | 'dashboard'>;

/** What the shop owes its buyers, its stock and its till, and did not keep. */
export function brokenJourney({ figures, reservations, toldPaid }: Judged): string[] {
  const { strategy, initialStock, accepted, held, sold, available, charged } = figures;
  const { oversold, undersold, lostUpdates, conserved, refusedWithStock, turnedAway } = figures;
  const of = `On the journey, ${strategy}`;
  const reasons: string[] = [];
  if (held > 0) reasons.push(`${of} still held ${units(held)} when every reservation should have ended.`);
  if (oversold > 0) {
    reasons.push(`${of} oversold: ${count(sold + held)} of ${units(initialStock)} were sold or held.`);
  }
  if (undersold > 0) reasons.push(`${of} turned buyers away while ${units(undersold)} lay unsold.`);
  if (refusedWithStock > MOST_REFUSED_WITH_STOCK * turnedAway) {
    reasons.push(
      `${of} turned ${count(refusedWithStock)} buyers away as if nothing were left, while there was.`,
    );
  }
  if (lostUpdates > 0) reasons.push(`${of} lost ${counted(lostUpdates, 'update')} of the stock.`);
  // With nothing held it says that sold and available make up the initial stock.
  if (!conserved) {
    reasons.push(
      `${of} did not conserve the stock: ${count(sold)} sold, ${count(held)} held and ${count(available)} available are not ${units(initialStock)}.`,
    );
  }
  if (reservations < accepted) {
    reasons.push(
      `${of} told ${count(accepted)} buyers that a unit is theirs, but reserved ${count(reservations)}.`,
    );
  }
  if (toldPaid > sold)
    reasons.push(`${of} told ${count(toldPaid)} buyers that they have paid, but ${count(sold)} have.`);
  if (charged !== sold) reasons.push(`${of} took money for ${units(charged)}, but sold ${count(sold)}.`);
  return reasons;
}

/** Why a journey on which nothing broke proves nothing all the same. */
export function journeyDoubts(journey: Judged): string[] {
  const { strategy, waited, turnedAway, walkedAway, declined, available } = journey.figures;
  const of = `The journey (${strategy})`;
  const reasons = arrivalDoubts(of, journey);
  if (journey.unexpectedAnswers > 0) {
    reasons.push(`${of} got ${count(journey.unexpectedAnswers)} answers that no buyer should get.`);
  }
  if (waited === 0) reasons.push(`${of}: nobody had to wait to be let in.`);
  if (walkedAway === 0) reasons.push(`${of}: nobody walked away.`);
  if (declined === 0) reasons.push(`${of}: no payment was declined.`);
  if (turnedAway === 0)
    reasons.push(`${of}: nobody was turned away, so there was no demand for what came back.`);
  else if (available > 0)
    reasons.push(`${of}: ${units(available)} came back when there were no more buyers.`);
  if (!journey.auditAgrees) reasons.push(`${of}: the audit of the API and the database disagree.`);
  return reasons;
}

export function journeyProof({ figures }: Judged): string {
  const { walkedAway, declined, soldAgain, initialStock, strategy } = figures;
  return (
    `${count(walkedAway)} buyers walked away and ${count(declined)} were declined: with ${strategy} their units were ` +
    `sold again, ${count(soldAgain)} times, until all ${units(initialStock)} were paid.`
  );
}
