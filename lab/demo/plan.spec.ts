import { describe, expect, it } from 'vitest';
import { FULL, SMALL, type DemoOptions } from './options.js';
import { planDemo, requestsOf } from './plan.js';

describe('planDemo', () => {
  const { runs } = planDemo(FULL, 100);

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
    const journeyOf = (options: DemoOptions, rate = 100) => planDemo(options, rate).journey!;

    it('takes the default strategy, or the first where that is not asked for', () => {
      expect(journeyOf(FULL)).toMatchObject({ strategy: 'redis', workers: 4, batchSize: 64 });
      expect(journeyOf({ ...FULL, strategies: ['row-lock', 'optimistic'] }).strategy).toBe('row-lock');
    });

    it.each([FULL, SMALL, { ...FULL, durationSeconds: 60 }, { ...FULL, durationSeconds: 300 }])(
      'lets what is not paid come back ten times while there are buyers: %j',
      (options) => {
        const { rate, durationSeconds, reservationTtlSeconds, stock } = journeyOf(options);
        const soldOut = stock / rate;
        expect((durationSeconds - soldOut) / reservationTtlSeconds).toBeGreaterThan(10);
      },
    );

    it('takes a quarter of a minute where the other runs are shorter', () => {
      expect(journeyOf(SMALL)).toMatchObject({ durationSeconds: 15, reservationTtlSeconds: 1 });
      expect(journeyOf({ ...FULL, durationSeconds: 60 })).toMatchObject({
        durationSeconds: 60,
        reservationTtlSeconds: 4,
      });
    });
  });
});
