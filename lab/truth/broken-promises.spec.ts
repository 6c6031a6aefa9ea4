import { expect, it } from 'vitest';
import { brokenPromises, type Truth } from './broken-promises.js';

const sound: Truth = { oversold: 0, undersold: 0, lostUpdates: 0, conserved: true, ended: 10 };

it('finds nothing to say about a run that kept every promise', () => {
  expect(brokenPromises('run', true, 10, sound)).toEqual([]);
});

it.each([
  [{ ended: 9 }, 'run: of 10 orders 9 are terminal'],
  [{ oversold: 1 }, 'run: oversold 1'],
  [{ undersold: 2 }, 'run: undersold 2'],
  [{ lostUpdates: 3 }, 'run: lost 3 updates of the stock'],
  [{ conserved: false }, 'run: what is available and what is sold are not the initial stock'],
])('says what was broken: %j', (broken, sentence) => {
  expect(brokenPromises('run', true, 10, { ...sound, ...broken })).toEqual([sentence]);
});

it('asks of what promises nothing that every order ends, and no more', () => {
  const truth = { ...sound, oversold: 5, lostUpdates: 5, conserved: false };
  expect(brokenPromises('run', false, 10, truth)).toEqual([]);
  expect(brokenPromises('run', false, 11, truth)).toEqual(['run: of 11 orders 10 are terminal']);
});
