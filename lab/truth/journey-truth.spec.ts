import { expect, it } from 'vitest';
import { leastAvailable, type JourneyPoint } from './journey-truth.js';

it('units that lay available all the time are told from units that came back or went meanwhile', () => {
  const series: JourneyPoint[] = [
    [0, 5, 0, 0],
    [2, 0, 5, 0],
    [6, 3, 1, 1],
    [9, 4, 0, 1],
  ];
  expect(leastAvailable(series, 7, 9)).toBe(3);
  expect(leastAvailable(series, 5, 9)).toBe(0);
  expect(leastAvailable(series, 1, 1.5)).toBe(5);
  expect(leastAvailable(series, 10, 12)).toBe(4);
});
