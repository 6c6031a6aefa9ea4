import { expect, it } from 'vitest';
import { median } from './quantiles.js';

it('takes the middle of the values, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
