import { expect, it } from 'vitest';
import { contentionFigures } from './contention-figures.js';
import type { Contention } from './roles.js';

/** A process whose sections are [caller, asked, entered, left]. */
const process = (...sections: [number, number, number, number][]): Contention => ({
  sections: sections.map(([caller, askedAt, enteredAt, leftAt]) => ({ caller, askedAt, enteredAt, leftAt })),
  unserved: [],
  redisCommands: 0,
});

it('counts as a hand-off only that another caller holds the lock, of this process or of another', () => {
  const first = process([0, 0, 1, 2], [0, 2, 3, 4], [1, 0, 5, 6]);
  const second = process([0, 0, 7, 8]);
  const { handOffsPerSecond, acquisitionsPerSecond, overlaps } = contentionFigures([first, second], 2, 2);
  expect({ handOffsPerSecond, acquisitionsPerSecond, overlaps }).toEqual({
    handOffsPerSecond: 1,
    acquisitionsPerSecond: 2,
    overlaps: 0,
  });
});

it('finds a section that began before another one had ended, also a longer one than the last', () => {
  const { overlaps } = contentionFigures([process([0, 0, 1, 9]), process([0, 0, 2, 3], [0, 3, 4, 5])], 1, 1);
  expect(overlaps).toBe(2);
});

it('tells who starved and how unequal the rest was', () => {
  const { jain, starved } = contentionFigures([process([0, 0, 1, 2], [0, 2, 3, 4]), process()], 2, 1);
  expect({ jain, starved }).toEqual({ jain: 1 / 4, starved: 3 });
});

it('counts those who still wait as having waited', () => {
  const waiting: Contention = { sections: [], unserved: [900], redisCommands: 0 };
  const { waitP50Ms, waitMaxMs } = contentionFigures([process([0, 0, 1, 2], [0, 2, 4, 5]), waiting], 1, 1);
  expect({ waitP50Ms, waitMaxMs }).toEqual({ waitP50Ms: 2, waitMaxMs: 900 });
});
