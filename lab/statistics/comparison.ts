import { median } from './quantiles.js';

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

const round = (value: number) => Math.round(value * 1_000) / 1_000;
