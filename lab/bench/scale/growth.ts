import { cellsOf, type Table } from '../../report/table.js';
import { compare, type Benchmark } from '../../statistics/comparison.js';

/** Figures at one moment of a run, by name. */
export type Sample = Readonly<Record<string, number>>;

const NAME = 'scale, long run';
const FIRST = 'first quarter';
const LAST = 'last quarter';

/** Each figure in the first quarter of a run and in the last; `ratioTo` of the last is its growth. */
export function growthOf(samples: readonly Sample[]): Benchmark[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const of = (part: readonly Sample[], figure: string) => part.map((sample) => sample[figure]!);
  return Object.keys(samples[0] ?? {}).flatMap((figure) =>
    compare(
      NAME,
      figure,
      new Map([
        [FIRST, of(samples.slice(0, quarter), figure)],
        [LAST, of(samples.slice(-quarter), figure)],
      ]),
    ),
  );
}

/**
 * How much a figure may grow, by the end of its name: so many times, and so much more. What is small flutters; what leaks grows
 * with every one of the some 100,000 orders of a run.
 */
const BOUNDS: Readonly<Record<string, { readonly times: number; readonly plus: number }>> = {
  'RSS, MiB': { times: 1.2, plus: 32 },
  'heap, MiB': { times: 1.2, plus: 32 },
  'memory, MiB': { times: 1.2, plus: 8 },
  'delay p99, ms': { times: 2, plus: 20 },
  keys: { times: 1.2, plus: 500 },
  connections: { times: 1, plus: 5 },
};

const boundOf = (figure: string) => Object.entries(BOUNDS).find(([kind]) => figure.endsWith(kind))![1];

/** A sentence for each figure that grew beyond its bound, or was not measured. */
export function grownBeyond(growth: readonly Benchmark[]): string[] {
  if (growth.length === 0) return ['long run: nothing was measured'];
  return pairsIn(growth).flatMap(({ figure, first, last }) => {
    const { times, plus } = boundOf(figure);
    if (last <= first * times + plus) return [];
    return `long run: ${figure} grew from ${first} to ${last}, beyond ${times} x + ${plus}`;
  });
}

function pairsIn(growth: readonly Benchmark[]) {
  const medianOf = (quarter: string, figure: string) =>
    growth.find(({ contender, metric }) => contender === quarter && metric === figure)!.median;
  return [...new Set(growth.map(({ metric }) => metric))].map((figure) => ({
    figure,
    first: medianOf(FIRST, figure),
    last: medianOf(LAST, figure),
  }));
}

export function longRunTable(growth: readonly Benchmark[]): Table {
  const { range, ratio } = cellsOf(growth, NAME);
  return {
    name: NAME,
    title: 'A steady load: medians of the first quarter of the time and of the last',
    head: ['figure', FIRST, LAST, 'x the first', 'may grow to'],
    rows: pairsIn(growth).map(({ figure }) => {
      const { times, plus } = boundOf(figure);
      return [
        figure,
        range(FIRST, figure),
        range(LAST, figure),
        ratio(LAST, figure, FIRST),
        `${times} x + ${plus}`,
      ];
    }),
  };
}
