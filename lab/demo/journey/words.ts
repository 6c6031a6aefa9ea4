import { count, units } from '../format.js';
import type { JourneyFigures } from './journey-figures.js';

/** What became of a journey's buyers, in a few words. */
export function journeyOutcomeOf({
  sold,
  initialStock,
  walkedAway,
  declined,
  soldAgain,
}: JourneyFigures): string {
  return (
    `${count(sold)} of ${units(initialStock)} paid; ${count(walkedAway)} walked away, ` +
    `${count(declined)} declined, ${units(soldAgain)} sold again`
  );
}
