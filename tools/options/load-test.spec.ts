import { expect, it } from 'vitest';
import { parseLoadTest } from './load-test.js';

const NAMES = ['flash-sale', 'full-journey'];
const parse = (...args: string[]) => parseLoadTest(args, NAMES);

it('leaves to k6 what is its own', () => {
  expect(parse('flash-sale', '-e', 'RATE=2')).toEqual({ name: 'flash-sale', k6: ['-e', 'RATE=2'] });
  const target = expect.stringMatching(/^\/.*\/package\.json$/) as string;
  const expected = { name: 'flash-sale', target, k6: ['-e', 'RATE=2'] };
  expect(parse('flash-sale', '-e', 'RATE=2', '--target', 'package.json')).toEqual(expected);
  expect(parse('flash-sale', '--target=package.json', '-e', 'RATE=2')).toEqual(expected);
});

it.each([
  [[], 'Which load test? npm run load-test -- <flash-sale | full-journey>'],
  [['flesh'], 'There is no load test flesh.'],
  [['flash-sale', '--target'], 'Which shop? --target ./my-shop.ts'],
  [['flash-sale', '--target', 'nowhere.ts'], /There is no target \/.*nowhere\.ts\./],
  [
    ['full-journey', '--target', 'package.json'],
    'full-journey needs the API of this project. --target goes with flash-sale and many-skus.',
  ],
])('%j is refused', (args, reason) => {
  expect(() => parse(...args)).toThrow(reason);
});
