import { describe, expect, it } from 'vitest';
import type { RunFigures, RunResult } from './summary.js';
import { journeyResult } from './test/journey-result.js';
import { demoVerdict } from './demo-verdict.js';

type Change = Partial<Omit<RunResult, 'figures'>> & { figures?: Partial<RunFigures> };

const percentiles = { p50: 5, p95: 10, p99: 20 };

function result({ figures, ...change }: Change = {}): RunResult {
  return {
    figures: {
      strategy: 'redis',
      workers: 4,
      apiReplicas: 2,
      batchSize: 64,
      initialStock: 1_000,
      requests: 3_000,
      accepted: 1_200,
      live: 1_000,
      available: 0,
      oversold: 0,
      undersold: 0,
      lostUpdates: 0,
      conserved: true,
      ordersPerSecond: 500,
      latencyMs: percentiles,
      timeToTerminalMs: percentiles,
      droppedIterations: 0,
      ...figures,
    },
    plannedRequests: 3_000,
    endedOrders: 1_200,
    unexpectedAnswers: 0,
    auditAgrees: true,
    series: [],
    dashboard: 'k6.html',
    ...change,
  };
}

const control = (change: Change = {}) =>
  result({ ...change, figures: { strategy: 'none', workers: 1, batchSize: 1, ...change.figures } });

const lockOff = ({ figures, ...change }: Change = {}) => {
  const oversold = { live: 1_700, oversold: 700, lostUpdates: 90, conserved: false, accepted: 1_900 };
  return result({ endedOrders: 1_900, ...change, figures: { strategy: 'none', ...oversold, ...figures } });
};

const lockOn = result;

/** Where only the runs matter. */
const judge = (runs: RunResult[]) => demoVerdict(runs, journeyResult());

describe('demoVerdict', () => {
  it('passes when only lock-off oversold', () => {
    const runs = [control(), lockOff(), lockOn({ figures: { strategy: 'redis-setnx' } }), lockOn()];
    expect(judge(runs)).toEqual({
      verdict: 'PASS',
      reasons: [
        'Without a lock, 4 workers sold 1,700 of 1,000 units; with redis-setnx and redis they sold exactly 1,000.',
        expect.stringMatching(/^86 buyers walked away .* until all 300 units were paid\.$/),
      ],
    });
  });

  it('passes also when a request or two of few fell off at the edges of the schedule', () => {
    const few = (requests: number) => control({ plannedRequests: 60, figures: { requests } });
    expect(judge([few(58), lockOff(), lockOn()]).verdict).toBe('PASS');
    expect(judge([few(57), lockOff(), lockOn()]).verdict).toBe('INCONCLUSIVE');
  });

  it.each<[string, Change, string]>([
    ['oversells', { figures: { live: 1_003, oversold: 3 } }, 'redis oversold: it sold 1,003 of 1,000 units.'],
    [
      'undersells',
      { figures: { live: 999, available: 1, undersold: 1 } },
      'redis turned buyers away with 1 unit unsold.',
    ],
    ['loses an update', { figures: { lostUpdates: 1 } }, 'redis lost 1 update of the stock.'],
    [
      'does not conserve the stock',
      { figures: { available: 5, conserved: false } },
      'redis did not conserve the stock: 5 available and 1,000 sold are not 1,000 units.',
    ],
    ['loses an order', { endedOrders: 1_199 }, 'redis accepted 1,200 orders, but 1,199 ended.'],
    ['doubles an order', { endedOrders: 1_201 }, 'redis accepted 1,200 orders, but 1,201 ended.'],
  ])('fails when a safe strategy %s', (_, change, reason) => {
    expect(judge([control(), lockOff(), lockOn(), lockOn(change)])).toEqual({
      verdict: 'FAIL',
      reasons: [reason],
    });
  });

  it.each<[string, RunResult[], string]>([
    ['the negative control is missing', [lockOff(), lockOn()], 'There was no negative control run.'],
    ['lock-off is missing', [control(), lockOn()], 'There was no lock-off run.'],
    ['lock-on is missing', [control(), lockOff()], 'There was no lock-on run.'],
    [
      'the negative control oversold',
      [control({ figures: { live: 1_001, oversold: 1 } }), lockOff(), lockOn()],
      'The negative control oversold 1 unit with a single worker: the measurement is unsound.',
    ],
    [
      'lock-off did not oversell',
      [control(), lockOff({ figures: { live: 1_000, oversold: 0 } }), lockOn()],
      'Without a lock, 4 workers did not oversell: the load was too light to prove anything.',
    ],
    [
      'an order of a control never ended',
      [control({ endedOrders: 1_190 }), lockOff(), lockOn()],
      'The negative control run accepted 1,200 orders, but 1,190 ended.',
    ],
    [
      'requests were dropped',
      [control(), lockOff(), lockOn({ figures: { droppedIterations: 12 } })],
      'The lock-on run (redis) dropped 12 requests that k6 could not send in time.',
    ],
    [
      'fewer requests arrived than were planned',
      [control(), lockOff({ figures: { requests: 2_900 } }), lockOn()],
      'The lock-off run (none) got 2,900 of 3,000 planned requests.',
    ],
    [
      'there were unexpected answers',
      [control(), lockOff(), lockOn({ unexpectedAnswers: 2 })],
      'The lock-on run (redis) got 2 answers that are neither 202 nor SOLD_OUT.',
    ],
    [
      'too few orders were accepted to sell out',
      [
        control(),
        lockOff(),
        lockOn({ endedOrders: 900, figures: { accepted: 900, live: 900, available: 100 } }),
      ],
      'The lock-on run (redis) accepted 900 orders, too few to sell out 1,000 units.',
    ],
    [
      'the audit of the API contradicts the database',
      [control(), lockOff(), lockOn({ auditAgrees: false })],
      'The lock-on run (redis): the audit of the API and the database disagree.',
    ],
  ])('is inconclusive when %s', (_, runs, reason) => {
    expect(judge(runs)).toEqual({ verdict: 'INCONCLUSIVE', reasons: [reason] });
  });

  it('tolerates a request or two at the edges of the schedule', () => {
    expect(judge([control(), lockOff(), lockOn({ figures: { requests: 2_998 } })]).verdict).toBe('PASS');
  });

  it('fails rather than being inconclusive', () => {
    const broken = lockOn({ figures: { live: 1_001, oversold: 1, droppedIterations: 3 } });
    expect(judge([control({ auditAgrees: false }), broken]).verdict).toBe('FAIL');
  });

  it('fails when the journey breaks a promise, whatever the runs did', () => {
    const journey = journeyResult({ figures: { held: 1, sold: 299, charged: 299 }, toldPaid: 299 });
    expect(demoVerdict([control(), lockOff(), lockOn()], journey)).toEqual({
      verdict: 'FAIL',
      reasons: ['On the journey, redis still held 1 unit when every reservation should have ended.'],
    });
  });

  it.each([
    ['was not made', undefined, 'There was no journey.'],
    [
      'proves nothing',
      journeyResult({ figures: { walkedAway: 0 } }),
      'The journey (redis): nobody walked away.',
    ],
  ])('is inconclusive when the journey %s', (_, journey, reason) => {
    const runs = [control(), lockOff(), lockOn()];
    expect(demoVerdict(runs, journey)).toEqual({ verdict: 'INCONCLUSIVE', reasons: [reason] });
  });

  it('is inconclusive without any run', () => {
    expect(judge([]).verdict).toBe('INCONCLUSIVE');
  });
});
