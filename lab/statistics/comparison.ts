/** One figure of one contender over all rounds; `ratioTo` has its median over the median of each other contender. */
export interface Benchmark {
  readonly name: string;
  readonly contender: string;
  readonly metric: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly ratioTo: Readonly<Record<string, number>>;
}

/** A name in the first column, figures in the others. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a benchmark measured. */
export interface BenchResult {
  readonly benchmarks: readonly Benchmark[];
  /** The same for a person: what the terminal and the report show. */
  readonly tables: readonly Table[];
  /** Sentences that say what broke an invariant, or could not be measured: with one of them the benchmark has failed. */
  readonly failures: readonly string[];
}

export function compare(
  name: string,
  metric: string,
  samples: ReadonlyMap<string, readonly number[]>,
): Benchmark[] {
  return [...samples].map(([contender, values]) => ({
    name,
    contender,
    metric,
    median: round(median(values)),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    ratioTo: Object.fromEntries(
      [...samples]
        .filter(([other]) => other !== contender)
        .map(([other, theirs]) => [other, round(median(values) / median(theirs))]),
    ),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that a share `q` of the sorted ones is not above; NaN of none. */
export const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

const round = (value: number) => Math.round(value * 1_000) / 1_000;
