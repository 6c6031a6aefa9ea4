import { describe, expect, it } from 'vitest';
import { changeIn, permitsAtOnce } from './permits.js';

const granted = (at: number, holder: string, until = at + 100) => ({ at, holder, until });
const gone = (at: number, holder: string) => ({ at, gone: holder });

describe('permits at once', () => {
  it('are those that are neither given back nor run out', () => {
    expect(permitsAtOnce([])).toBe(0);
    expect(permitsAtOnce([granted(0, 'a'), gone(5, 'a'), granted(5, 'b')])).toBe(1);
    expect(permitsAtOnce([granted(0, 'a'), granted(100, 'b')])).toBe(1);
    expect(permitsAtOnce([granted(0, 'a'), granted(99, 'b')])).toBe(2);
    expect(permitsAtOnce([granted(0, 'a'), granted(1, 'b'), gone(2, 'a'), granted(3, 'c')])).toBe(2);
  });

  it('last longer where they are extended', () => {
    expect(permitsAtOnce([granted(0, 'a'), granted(50, 'a'), granted(120, 'b')])).toBe(2);
    expect(permitsAtOnce([granted(0, 'a'), granted(50, 'a', 60), granted(70, 'b')])).toBe(1);
  });
});

describe('a command', () => {
  it('that puts in a holder or takes one out is a change', () => {
    expect(changeIn('k', 1, ['ZADD', 'k', '7.5', 'a'])).toEqual({ at: 1, holder: 'a', until: 7.5 });
    expect(changeIn('k', 1, ['zrem', 'k', 'a'])).toEqual({ at: 1, gone: 'a' });
  });

  it('of another semaphore, or that only reads, is none', () => {
    expect(changeIn('k', 1, ['ZADD', 'other', '7.5', 'a'])).toBeUndefined();
    expect(changeIn('k', 1, ['ZCARD', 'k'])).toBeUndefined();
  });
});
