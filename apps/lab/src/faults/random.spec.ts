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
