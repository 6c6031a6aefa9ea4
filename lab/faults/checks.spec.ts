import { describe, expect, it } from 'vitest';
import {
  grantsBetween,
  harmsOf,
  holdersAtOnce,
  isGrantedTwice,
  longestPause,
  staleWrites,
  tokensNotGrowing,
  type Movement,
} from './checks.js';
import { History, UNTIL_TOLD, type EventKind, type Hold } from './history.js';

const hold = (from: number, to: number, token?: string): Hold => ({ actor: 'a', from, to, token });
const move = (token: bigint | null, holder = String(token)): Movement => ({
  before: 2,
  after: 1,
  token,
  holder,
});

const events = (...list: [at: number, actor: string, kind: EventKind][]) => {
  const history = new History();
  for (const [at, actor, kind] of list) history.record({ at, actor, kind, resource: 'r' });
  return history;
};

describe('a history', () => {
  it('is in the order of time, whatever order it was told in', () => {
    const history = events([3, 'b', 'granted'], [1, 'a', 'granted'], [2, 'a', 'released']);
    expect(history.events.map(({ at }) => at)).toEqual([1, 2, 3]);
  });

  it('has a hold for each grant, until it was given back, failed or its holder died', () => {
    const history = events([1, 'a', 'granted'], [2, 'b', 'granted'], [3, 'a', 'lost'], [4, 'a', 'killed']);
    expect(history.holds()).toMatchObject([
      { actor: 'a', from: 1, to: 4 },
      { actor: 'b', from: 2, to: Infinity },
    ]);
  });

  it('has one holder after the other where the first was told of its loss, though its work went on', () => {
    const history = events([1, 'a', 'granted'], [2, 'a', 'lost'], [3, 'b', 'granted'], [4, 'a', 'finished']);
    expect(holdersAtOnce(history.holds())).toBe(2);
    expect(holdersAtOnce(history.holds(UNTIL_TOLD))).toBe(1);
  });
});

it('a hold ends with its work, whatever is heard of its release', () => {
  const history = events(
    [1, 'a', 'granted'],
    [2, 'a', 'finished'],
    [3, 'b', 'granted'],
    [4, 'a', 'released'],
  );
  expect(holdersAtOnce(history.holds())).toBe(1);
});

describe('a lock granted twice', () => {
  const granted = [1, 'a', 'granted'] as const;
  const ttl = 10;

  it('is one that another was granted within the lease of the first', () => {
    expect(isGrantedTwice(events([...granted], [5, 'b', 'granted'], [6, 'a', 'released']), ttl)).toBe(true);
  });

  it.each<[number, string, EventKind]>([
    [4, 'a', 'finished'],
    [4, 'a', 'released'],
    [4, 'a', 'failed'],
    [4, 'a', 'lost'],
  ])('is not one that the first had no more: %j', (...end) => {
    expect(isGrantedTwice(events([...granted], end, [5, 'b', 'granted']), ttl)).toBe(false);
  });

  it('is not one whose time was over, nor one that the same holder took again', () => {
    expect(isGrantedTwice(events([...granted], [12, 'b', 'granted']), ttl)).toBe(false);
    expect(isGrantedTwice(events([...granted], [5, 'a', 'granted']), ttl)).toBe(false);
    expect(isGrantedTwice(events(), ttl)).toBe(false);
  });
});

it('the longest pause between grants counts from the fault and to its end', () => {
  const history = events([1, 'a', 'granted'], [5, 'b', 'granted'], [6, 'a', 'granted']);
  expect(grantsBetween(history, 1, 6)).toHaveLength(1);
  expect(longestPause(history, 2, 7)).toBe(3);
  expect(longestPause(history, 0, 20)).toBe(14);
  expect(longestPause(history, 7, 9)).toBe(2);
});

describe('holders at once', () => {
  it('counts those whose holds overlap', () => {
    expect(holdersAtOnce([])).toBe(0);
    expect(holdersAtOnce([hold(1, 2), hold(2, 3)])).toBe(1);
    expect(holdersAtOnce([hold(1, 4), hold(2, 3), hold(2.5, 5), hold(4, 6)])).toBe(3);
  });
});

describe('tokens', () => {
  it('must grow from grant to grant', () => {
    expect(tokensNotGrowing([hold(1, 2, '9'), hold(2, 3), hold(3, 4, '10')])).toBe(0);
    expect(tokensNotGrowing([hold(1, 2, '10'), hold(2, 3, '9'), hold(3, 4, '9')])).toBe(2);
  });

  it('must not go back in the ledger', () => {
    expect(staleWrites([move(1n), move(null), move(1n), move(2n)])).toBe(0);
    expect(staleWrites([move(2n), move(1n), move(2n)])).toBe(1);
  });

  it('must not be those of two holders', () => {
    expect(staleWrites([move(1n, 'a'), move(1n, 'b')])).toBe(1);
  });
});

describe('harms', () => {
  it('are told in words', () => {
    const clean = { oversold: 0, lostUpdates: 0, conserved: true };
    expect(harmsOf(clean, [])).toEqual([]);
    expect(harmsOf({ oversold: 1, lostUpdates: 2, conserved: false }, [move(2n), move(1n)])).toEqual([
      'oversold by 1',
      '2 lost updates',
      '1 write by a lease that had been overtaken',
    ]);
    expect(harmsOf({ ...clean, conserved: false }, [])).toHaveLength(1);
  });
});
