import { describe, expect, it } from 'vitest';
import { History } from '../../history.js';
import { survivalOf, victimsIn } from './survival.js';

function rolledBack(...actors: string[]): History {
  const history = new History();
  for (const actor of actors) history.note(actor, 'failed', 'error 1213');
  return history;
}

describe('the victims of a deadlock', () => {
  it('are sessions: who was rolled back twice is one of them', () => {
    expect(victimsIn(rolledBack('second', 'third', 'second'))).toEqual(['second', 'third']);
  });

  it('are not those who failed for another reason', () => {
    const history = rolledBack();
    history.note('second', 'failed', 'error 1062');
    history.note('second', 'granted');
    expect(victimsIn(history)).toEqual([]);
  });
});

describe('who got the lock', () => {
  const survival = (...granted: boolean[]) =>
    survivalOf(new Map(granted.map((got, i) => [`session ${i}`, got])));

  it('is all, however often they were rolled back before', () => {
    expect(survival(true, true, true)).toEqual({ harms: [], violations: [] });
  });

  it('is one at least, or the deadlock ended as it must not', () => {
    expect(survival(false, true, false)).toMatchObject({ harms: { length: 2 }, violations: [] });
    expect(survival(false, false)).toMatchObject({ violations: ['nobody survived the deadlock'] });
  });
});
