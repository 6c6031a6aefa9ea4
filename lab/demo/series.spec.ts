import { describe, expect, it } from 'vitest';
import type { Point } from '../truth/sale-truth.js';
import { extendTo, thinOut } from './series.js';

describe('thinOut', () => {
  const series = Array.from({ length: 1_001 }, (_, i): Point => [i / 100, 1_000 - i, i]);

  it('keeps the first and the last point, and one per span of time in between', () => {
    const thinned = thinOut(series, 100);
    expect(thinned.length).toBeLessThanOrEqual(103);
    expect([thinned[0], thinned.at(-1)]).toEqual([series[0], series.at(-1)]);
  });

  it('keeps a short series whole', () => {
    const short: Point[] = [
      [0, 3, 0],
      [0.5, 2, 1],
      [2, 0, 3],
    ];
    expect(thinOut(short, 100)).toEqual(short);
  });
});

describe('extendTo', () => {
  it('holds the last state until the given second, and cuts nothing off', () => {
    const sale: Point[] = [
      [0, 3, 0],
      [4, 0, 3],
    ];
    expect(extendTo(10, sale)).toEqual([...sale, [10, 0, 3]]);
    expect(extendTo(3, sale)).toEqual(sale);
  });
});
