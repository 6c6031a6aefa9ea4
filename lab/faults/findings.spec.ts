import { describe, expect, it } from 'vitest';
import { findingsIn, insideAtOnce, miscaught } from './findings.js';
import { History, type EventKind } from './history.js';

const history = (...list: [at: number, actor: string, kind: EventKind][]) => {
  const told = new History();
  for (const [at, actor, kind] of list) told.record({ at, actor, kind, resource: 'r' });
  return told;
};

describe('the critical section', () => {
  it('has two inside when one is granted before the other has written', () => {
    const events = history([1, 'a', 'granted'], [2, 'b', 'granted'], [3, 'a', 'wrote'], [4, 'b', 'wrote']);
    expect(insideAtOnce(events)).toBe(2);
  });

  it.each(['wrote', 'refused', 'lost', 'failed', 'killed'] as const)('is left by who %s', (kind) => {
    const events = history([1, 'a', 'granted'], [2, 'a', kind], [3, 'b', 'granted'], [4, 'a', 'released']);
    expect(insideAtOnce(events)).toBe(1);
  });
});

describe('findings', () => {
  const clean = {
    initial: 2,
    available: 1,
    held: 1,
    sold: 0,
    rejected: 0,
    oversold: 0,
    undersold: 0,
    lostUpdates: 0,
    conserved: true,
  };
  const move = (token: bigint, holder: string) => ({ before: 1, after: 0, token, holder });

  it('are none where there is nothing', () => {
    expect(findingsIn(clean, [move(1n, 'a'), move(2n, 'b')], 1).size).toBe(0);
  });

  it('are those of the checker that is responsible', () => {
    expect([...findingsIn(clean, [], 2)]).toEqual([['more than one inside', 1]]);
    expect([...findingsIn({ ...clean, lostUpdates: 1 }, [])]).toEqual([['lost updates', 1]]);
    expect([...findingsIn(clean, [move(2n, 'b'), move(1n, 'a')])]).toEqual([['stale writes', 1]]);
    expect([...findingsIn({ ...clean, available: 0 }, [])]).toEqual([['units unaccounted for', 1]]);
    const oversold = { ...clean, available: 0, held: 3, oversold: 1 };
    expect([...findingsIn(oversold, [])]).toEqual([['units oversold', 1]]);
  });
});

describe('a catch', () => {
  const found = new Map([['lost updates', 1]] as const);

  it('is right only if all the right checkers made it, and no others', () => {
    expect(miscaught(found, ['lost updates'])).toEqual([]);
    expect(miscaught(found, ['lost updates', 'stale writes'])).toHaveLength(1);
    expect(miscaught(found, ['units oversold'])).toHaveLength(2);
  });

  it('that caught nothing proves nothing, which the verdict says', () => {
    expect(miscaught(new Map(), ['lost updates'])).toEqual([]);
  });
});
