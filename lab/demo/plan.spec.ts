import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../tools/options/demo.js';
import { planDemo, requestsOf } from './plan.js';

describe('planDemo', () => {
  const { runs } = planDemo(parseOptions([])!, 100);

  it('begins with the negative control and lock-off', () => {
    expect(runs.map(({ strategy, workers, batchSize }) => [strategy, workers, batchSize])).toEqual([
      ['none', 1, 1],
      ['none', 4, 64],
      ['redis-setnx', 4, 64],
      ['redis', 4, 64],
      ['conditional-update', 4, 64],
    ]);
  });

  it('sends the same load in all runs that are compared', () => {
    const [, lockOff, ...lockOn] = runs;
    for (const { load } of lockOn) expect(load).toEqual(lockOff!.load);
  });

  it('lets three buyers want each unit', () => {
    for (const { load } of runs) expect(requestsOf(load) / load.stock).toBeCloseTo(3, 0);
  });

  describe('for the journey', () => {
    const journeyOf = (args: string[], rate = 100) => planDemo(parseOptions(args)!, rate).journey!;

    it('takes the default strategy, or the first where that is not asked for', () => {
      expect(journeyOf([])).toMatchObject({ strategy: 'redis', workers: 4, batchSize: 64 });
      expect(journeyOf(['--strategies', 'row-lock,optimistic']).strategy).toBe('row-lock');
    });

    it.each([[], ['--small'], ['--duration', '60'], ['--duration', '300']])(
      'lets what is not paid come back ten times while there are buyers: %j',
      (...args) => {
        const { rate, durationSeconds, reservationTtlSeconds, stock } = journeyOf(args);
        const soldOut = stock / rate;
        expect((durationSeconds - soldOut) / reservationTtlSeconds).toBeGreaterThan(10);
      },
    );

    it('takes a quarter of a minute where the other runs are shorter', () => {
      expect(journeyOf(['--small'])).toMatchObject({ durationSeconds: 15, reservationTtlSeconds: 1 });
      expect(journeyOf(['--duration', '60'])).toMatchObject({
        durationSeconds: 60,
        reservationTtlSeconds: 4,
      });
    });
  });
});
