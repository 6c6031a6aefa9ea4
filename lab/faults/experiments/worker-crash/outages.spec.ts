import { describe, expect, it } from 'vitest';
import { History } from '../../history.js';
import { Random } from '../../random.js';
import { planOutages, strike, type Fault } from './outages.js';

const WORKERS = ['worker-1', 'worker-2'];
const PERILS = [
  { of: WORKERS, fault: 'killed', lasts: [5, 20] },
  { of: WORKERS, fault: 'frozen', lasts: [30, 40] },
  { of: ['redis'], fault: 'flushed' },
] as const;
const planOf = (seed: number) => planOutages(new Random(seed, 'test'), PERILS, 300);
const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);

describe('a plan of outages', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  it.each(SEEDS)('has each peril once, in turns among who is alike, in all of the time: seed %i', (seed) => {
    const plan = planOf(seed);
    expect(plan.map(({ fault }) => fault).toSorted()).toEqual(['flushed', 'frozen', 'killed']);
    expect(plan.map(({ victim }) => victim).toSorted()).toEqual(['redis', ...WORKERS]);
    for (const [i, { fault, at, lasts }] of plan.entries()) {
      expect(at).toBeGreaterThanOrEqual(i * 100);
      expect(at).toBeLessThan((i + 1) * 100);
      const [least, most] = { killed: [5, 20], frozen: [30, 40], flushed: [0, 0] }[fault]!;
      expect(lasts).toBeGreaterThanOrEqual(least!);
      expect(lasts).toBeLessThanOrEqual(most!);
    }
  });

  it('comes in every order, to everybody', () => {
    const ways = SEEDS.map((seed) =>
      planOf(seed)
        .map(({ victim, fault }) => `${victim} ${fault}`)
        .join(),
    );
    expect(new Set(ways).size).toBe(12);
  });
});

describe('outages', () => {
  it('end before the next one of the same victim, however long it takes to come back', async () => {
    const done: string[] = [];
    const killed: Fault = async () => {
      done.push('kill');
      return async () => done.push('start');
    };
    const history = new History();
    const ready = async () => done.push('is there');
    const twice = [0, 1].map((at) => ({ victim: 'slow', fault: 'killed', at, lasts: 30 }));
    await strike([{ name: 'slow', ready, faults: { killed } }], twice, history);
    expect(done).toEqual(['is there', 'kill', 'start', 'is there', 'kill', 'start']);
    const noted = history.events.map(({ actor, kind }) => `${actor}: ${kind}`);
    const once = ['slow killed: fault', 'slow killed: repaired'];
    expect(noted).toEqual([...once, ...once]);
  });

  it('that did not end are not told to have ended', async () => {
    const history = new History();
    const forgotten: Fault = async () => async () => false;
    const plan = [{ victim: 'link', fault: 'forgotten', at: 0, lasts: 0 }];
    await strike([{ name: 'link', faults: { forgotten } }], plan, history);
    expect(history.events).toMatchObject([{ actor: 'link forgotten', kind: 'fault' }]);
  });
});
