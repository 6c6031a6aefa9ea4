import slotOf from 'cluster-key-slot';
import { expect, it } from 'vitest';
import { hashTags, partOf } from './slots.js';

it.each([1, 2, 3, 4, 6, 12, 13, 256])(
  'spreads %i tags evenly over whatever primaries share the slots evenly',
  (parts) => {
    const slots = hashTags(parts).map(({ tag }) => slotOf(`${tag}:checkout:queued`));
    expect(slots).toEqual(hashTags(parts).map(({ slot }) => slot));
    for (let primaries = 1; primaries <= parts; primaries++) {
      const shares = Array.from({ length: primaries }, () => 0);
      for (const slot of slots) shares[Math.floor((slot * primaries) / 16_384)]!++;
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(parts % primaries === 0 ? 0 : 2);
    }
  },
);

it('puts about as many names into each part', () => {
  const counts = Array.from({ length: 12 }, () => 0);
  for (let i = 0; i < 12_000; i++) counts[partOf(`0198f2ac-${i}`, 12)]!++;
  expect(Math.min(...counts)).toBeGreaterThan(700);
});
