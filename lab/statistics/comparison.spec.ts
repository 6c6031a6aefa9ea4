import { expect, it } from 'vitest';
import { byRound, compare } from './comparison.js';

it('gives median, spread, and the median ratio of the rounds to every other contender', () => {
  const samples = new Map([
    ['fast', [90, 100, 300]],
    ['slow', [50, 40, 150]],
  ]);
  const [fast, slow] = compare('worker', 'orders/s', samples, byRound);
  expect(fast).toEqual({
    name: 'worker',
    contender: 'fast',
    metric: 'orders/s',
    median: 100,
    min: 90,
    max: 300,
    ratioTo: { slow: 2 },
  });
  expect(slow!.ratioTo).toEqual({ fast: 0.5 });
});

it('compares the rounds that both contenders have', () => {
  const samples = new Map([
    ['whole', [10, 20, 90]],
    ['failed', [5, 10]],
  ]);
  const [whole] = compare('worker', 'orders/s', samples, byRound);
  expect(whole!.ratioTo).toEqual({ failed: 2 });
});
