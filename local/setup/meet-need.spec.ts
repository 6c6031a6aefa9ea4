import { beforeEach, describe, expect, it, vi } from 'vitest';
import { meetNeed, Unavailable, type Way } from './meet-need.js';

const open = (name: string): Way<string> => ({
  name,
  advice: `advice for ${name}`,
  find: async () => ({ value: name, because: `${name} is there` }),
});
const closed = (name: string, error: Error): Way<string> => ({
  ...open(name),
  find: () => Promise.reject(error),
});

describe('meetNeed', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  beforeEach(() => void log.mockClear());

  it('takes the first way that works, and says why in one line', async () => {
    const ways = [closed('first', new Unavailable('not here')), open('second'), open('third')];
    await expect(meetNeed('Redis', ways)).resolves.toBe('second');
    expect(log.mock.calls).toEqual([['✓ Redis: second is there']]);
  });

  it('says that a way failed before it tries the next', async () => {
    await meetNeed('Redis', [closed('first', new Error('no network\n  details')), open('second')]);
    expect(log.mock.calls[0]).toEqual(['- Redis: first failed (no network), trying the next way']);
  });

  it('does not try the ways that the user forbids', async () => {
    await expect(meetNeed('Redis', [open('first'), open('second')], 'first,other')).resolves.toBe('second');
  });

  it('ends in one error that lists every way', async () => {
    const ways = [closed('first', new Unavailable('not here')), closed('second', new Error('no network'))];
    await expect(meetNeed('Redis', ways)).rejects.toThrow(
      'Redis is needed, and nothing here provides it. Ways to provide it:\n' +
        '  - advice for first\n    (first: not here)\n' +
        '  - advice for second\n    (second: no network)',
    );
  });
});
