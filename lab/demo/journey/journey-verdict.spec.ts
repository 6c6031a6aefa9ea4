import { describe, expect, it } from 'vitest';
import { journeyResult, type JourneyChange } from '../test/journey-result.js';
import { brokenJourney, journeyDoubts, journeyProof } from './journey-verdict.js';

describe('a journey', () => {
  it('that went well is a proof', () => {
    expect([brokenJourney(journeyResult()), journeyDoubts(journeyResult())]).toEqual([[], []]);
    expect(journeyProof(journeyResult())).toBe(
      '86 buyers walked away and 41 were declined: with redis their units were sold again, 127 times, until all 300 units were paid.',
    );
  });

  it.each<[string, JourneyChange, string]>([
    [
      'still holds units',
      { figures: { held: 2, sold: 298, charged: 298 }, toldPaid: 298 },
      'still held 2 units when every reservation should have ended.',
    ],
    [
      'oversold',
      { figures: { sold: 301, charged: 301, oversold: 1 }, toldPaid: 301 },
      'oversold: 301 of 300 units were sold or held.',
    ],
    [
      'left units that buyers wanted',
      { figures: { sold: 290, charged: 290, available: 10, undersold: 10 }, toldPaid: 290 },
      'turned buyers away while 10 units lay unsold.',
    ],
    [
      'refused what it had',
      { figures: { refusedWithStock: 11 } },
      'turned 11 buyers away as if nothing were left, while there was.',
    ],
    ['lost an update', { figures: { lostUpdates: 1 } }, 'lost 1 update of the stock.'],
    [
      'did not conserve the stock',
      { figures: { available: 3, conserved: false } },
      'did not conserve the stock: 300 sold, 0 held and 3 available are not 300 units.',
    ],
    [
      'forgot a reservation',
      { reservations: 426 },
      'told 427 buyers that a unit is theirs, but reserved 426.',
    ],
    ['forgot a payment', { toldPaid: 301 }, 'told 301 buyers that they have paid, but 300 have.'],
    ['took money for nothing', { figures: { charged: 302 } }, 'took money for 302 units, but sold 300.'],
    ['gave units away', { figures: { charged: 299 } }, 'took money for 299 units, but sold 300.'],
  ])('that %s broke a promise', (_, change, reason) => {
    expect(brokenJourney(journeyResult(change))).toEqual([`On the journey, redis ${reason}`]);
  });

  it('may refuse a few while a worker that gave units back has not told', () => {
    expect(brokenJourney(journeyResult({ figures: { refusedWithStock: 10 } }))).toEqual([]);
  });

  it.each<[string, JourneyChange, string]>([
    [
      'whose buyers did not all come',
      { figures: { droppedIterations: 3 } },
      ' dropped 3 requests that k6 could not send in time.',
    ],
    ['that got fewer buyers', { figures: { requests: 1_400 } }, ' got 1,400 of 1,500 planned requests.'],
    ['with unexpected answers', { unexpectedAnswers: 1 }, ' got 1 answers that no buyer should get.'],
    ['on which nobody waited', { figures: { waited: 0 } }, ': nobody had to wait to be let in.'],
    ['on which nobody walked away', { figures: { walkedAway: 0 } }, ': nobody walked away.'],
    ['on which nobody was declined', { figures: { declined: 0 } }, ': no payment was declined.'],
    [
      'with a unit for everybody',
      { figures: { turnedAway: 0, available: 20, sold: 280, charged: 280 }, toldPaid: 280 },
      ': nobody was turned away, so there was no demand for what came back.',
    ],
    [
      'whose demand ended too early',
      { figures: { available: 1, sold: 299, charged: 299 }, toldPaid: 299 },
      ': 1 unit came back when there were no more buyers.',
    ],
    [
      'of which the API says something else',
      { auditAgrees: false },
      ': the audit of the API and the database disagree.',
    ],
  ])('%s proves nothing', (_, change, reason) => {
    expect(brokenJourney(journeyResult(change))).toEqual([]);
    expect(journeyDoubts(journeyResult(change))).toEqual([`The journey (redis)${reason}`]);
  });
});
