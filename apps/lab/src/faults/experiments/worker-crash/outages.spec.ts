import { describe, expect, it } from 'vitest';
import { History } from '../../history.js';
import { Random } from '../../random.js';
import { planOutages, strike } from './outages.js';

const VICTIMS = ['worker-1', 'worker-2', 'redis'];
const BOUNDS = { count: 6, within: 600, shortest: 5, longest: 20 };
const planOf = (seed: number) => planOutages(new Random(seed, 'test'), VICTIMS, BOUNDS);

describe('a plan of outages', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  it('hits every victim, round by round, in all of the time and within its bounds', () => {
    for (let seed = 0; seed < 50; seed++) {
      const plan = planOf(seed);
      expect(plan).toHaveLength(6);
      expect(new Set(plan.map(({ victim }) => victim))).toEqual(new Set(VICTIMS));
      for (const [i, { at, down }] of plan.entries()) {
        expect(at).toBeGreaterThanOrEqual(i * 100);
        expect(at).toBeLessThan((i + 1) * 100);
        expect(down).toBeGreaterThanOrEqual(5);
        expect(down).toBeLessThanOrEqual(20);
      }
      const [first, second, third, ...again] = plan.map(({ victim }) => victim);
      expect(again).toEqual([first, second, third]);
    }
  });
});

describe('outages', () => {
  it('end before the next one of the same victim, however long it takes to come back', async () => {
    const done: string[] = [];
    const slow = {
      name: 'slow',
      kill: async () => done.push('kill'),
      start: async () => done.push('start'),
    };
    const history = new History();
    const twice = [
      { victim: 'slow', at: 0, down: 30 },
      { victim: 'slow', at: 1, down: 0 },
    ];
    await strike([slow], twice, history);
    expect(done).toEqual(['kill', 'start', 'kill', 'start']);
    expect(history.events.map(({ kind }) => kind)).toEqual(['fault', 'repaired', 'fault', 'repaired']);
  });
});
