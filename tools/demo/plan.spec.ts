import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.js';
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
});
