import type { Benchmark } from '../statistics/comparison.js';

/** A name in the first column, or in the first few, and figures in the others. */
export interface Table {
  /** What the documentation calls it: `worker, stampede`. */
  readonly name: string;
  readonly title: string;
  readonly head: readonly string[];
  /** How many columns are words; 1 unless given. */
  readonly words?: number;
  readonly rows: readonly (readonly string[])[];
}

/** Columns as wide as they need to be: the first one flush left, figures flush right. */
export function textOf({ title, head, rows }: Table): string {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ');
  const rule = widths.map((width) => '-'.repeat(width)).join('---');
  return ['', title, '', line(head), rule, ...rows.map(line)].join('\n');
}

/** As many digits as a reader can use. */
export function figure(value = Number.NaN, digits = value < 10 ? 2 : value < 100 ? 1 : 0): string {
  if (Number.isNaN(value)) return '-';
  if (value === Infinity) return 'never';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The figures of one benchmark by contender and metric, as the cells of a table have them. */
export function cellsOf(benchmarks: readonly Benchmark[], name: string) {
  const ofThis = benchmarks.filter((benchmark) => benchmark.name === name);
  const find = (contender: string, metric: string) =>
    ofThis.find((benchmark) => benchmark.contender === contender && benchmark.metric === metric);
  return {
    contenders: [...new Set(ofThis.map(({ contender }) => contender))],
    median: (contender: string, metric: string) => figure(find(contender, metric)?.median),
    max: (contender: string, metric: string) => String(find(contender, metric)?.max ?? '-'),
    /** The median, and in brackets the smallest and the largest figure of a round. */
    range: (contender: string, metric: string) => {
      const { median, min, max } = find(contender, metric) ?? {};
      return min === max ? figure(median) : `${figure(median)} (${figure(min)}-${figure(max)})`;
    },
    ratio: (contender: string, metric: string, other = '') =>
      figure(contender === other ? 1 : find(contender, metric)?.ratioTo[other]),
  };
}
