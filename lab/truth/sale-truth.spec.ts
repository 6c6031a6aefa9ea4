import { describe, expect, it } from 'vitest';
import { breaksIn } from './sale-truth.js';

describe('breaksIn', () => {
  it('finds each movement that does not start from what its predecessor left', () => {
    const movements = [
      { version: 1, before: 10, after: 8 },
      { version: 2, before: 10, after: 7 },
      { version: 3, before: 7, after: 6 },
      { version: 4, before: 8, after: 5 },
    ];
    expect(breaksIn(movements, 10)).toBe(2);
    expect(breaksIn(movements, 11)).toBe(3);
    expect(breaksIn([], 10)).toBe(0);
  });

  it('finds a version that is missing, and one that is there twice', () => {
    const movement = (version: number) => ({ version, before: 3, after: 3 });
    expect(breaksIn([1, 2, 3].map(movement), 3)).toBe(0);
    expect(breaksIn([1, 3, 4].map(movement), 3)).toBe(1);
    expect(breaksIn([2, 3].map(movement), 3)).toBe(1);
    expect(breaksIn([1, 2, 2, 3].map(movement), 3)).toBe(1);
  });
});
