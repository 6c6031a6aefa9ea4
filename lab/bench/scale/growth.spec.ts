import { describe, expect, it } from 'vitest';
import { grownBeyond, growthOf, longRunTable, type Sample } from './growth.js';

/** A run of 40 samples, in which figures are so much at the beginning and grow by so much with every sample. */
const run = (figures: Record<string, readonly [start: number, growth: number]>): Sample[] =>
  Array.from({ length: 40 }, (_, i) =>
    Object.fromEntries(Object.entries(figures).map(([name, [start, growth]]) => [name, start + i * growth])),
  );

const STEADY = {
  'API RSS, MiB': [180, 0],
  'worker heap, MiB': [60, 0.5],
  'worker event-loop delay p99, ms': [12, 0.2],
  'Redis memory, MiB': [20, 0],
  'Redis keys': [6_000, 10],
  'Redis connections': [14, 0],
  'Postgres connections': [20, 0.1],
} as const;

const judge = (change: Parameters<typeof run>[0]) => grownBeyond(growthOf(run({ ...STEADY, ...change })));

describe('a long run', () => {
  it('may flutter', () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    ['API RSS, MiB', [180, 3]],
    ['worker heap, MiB', [60, 2]],
    ['worker event-loop delay p99, ms', [12, 2]],
    ['Redis memory, MiB', [20, 0.6]],
    ['Redis keys', [6_000, 200]],
    ['Redis connections', [14, 0.3]],
    ['Postgres connections', [20, 0.3]],
  ] as const)('fails where %s grows', (figure, growing) => {
    expect(judge({ [figure]: growing })).toEqual([expect.stringContaining(`${figure} grew from`)]);
  });

  it('fails where a figure is missing', () => {
    expect(grownBeyond(growthOf([]))).toHaveLength(1);
    expect(judge({ 'API RSS, MiB': [Number.NaN, 0] })).toHaveLength(1);
  });

  it('shows what each figure may grow to', () => {
    const { head, rows } = longRunTable(growthOf(run(STEADY)));
    expect(head.at(-1)).toBe('may grow to');
    expect(rows.map((row) => row.at(-1))).toContain('1.2 x + 500');
  });
});
