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

export function longRunTable(growth: readonly Benchmark[]): Table {
  const { range, ratio } = cellsOf(growth, NAME);
  const figures = [...new Set(growth.map(({ metric }) => metric))];
  return {
    title: 'A steady load: medians of the first quarter of the time and of the last',
    head: ['figure', FIRST, LAST, 'x the first'],
    rows: figures.map((figure) => [
      figure,
      range(FIRST, figure),
      range(LAST, figure),
      ratio(LAST, figure, FIRST),
    ]),
  };
}
