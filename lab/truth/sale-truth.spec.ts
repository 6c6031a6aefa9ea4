import { describe, expect, it } from 'vitest';
import { breaksIn } from './sale-truth.js';

describe('breaksIn', () => {
  it('finds each movement that does not start from what its predecessor left', () => {
    const movements = [
      { before: 10, after: 8 },
      { before: 10, after: 7 },
      { before: 7, after: 6 },
      { before: 8, after: 5 },
    ];
    expect(breaksIn(movements, 10)).toBe(2);
    expect(breaksIn(movements, 11)).toBe(3);
    expect(breaksIn([], 10)).toBe(0);
  });
});
