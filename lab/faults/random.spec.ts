import { expect, it } from 'vitest';
import { Random } from './random.js';

const choices = (seed: number, purpose: string) => {
  const random = new Random(seed, purpose);
  return Array.from({ length: 20 }, () => random.between(0, 1_000));
};

it('repeats the choices of a seed, for the same purpose only', () => {
  expect(choices(7, 'a')).toEqual(choices(7, 'a'));
  expect(choices(7, 'a')).not.toEqual(choices(8, 'a'));
  expect(choices(7, 'a')).not.toEqual(choices(7, 'b'));
});

it('shuffles without losing anything', () => {
  const items = [1, 2, 3, 4, 5];
  const orders = [1, 2, 3, 4].map((seed) => new Random(seed, 'a').shuffled(items));
  expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
  for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(items);
});
