import { median } from './quantiles.js';

/**
 * One figure of one contender over all rounds. `ratioTo` has the median of what it is of each other contender's in the same round: a machine
 * that is slower for a minute is so for both.
 */
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
        .map(([other, theirs]) => [other, round(medianRatio(values, theirs))]),
    ),
  }));
}

/** Of the rounds that both have; who failed has none of the later ones. */
function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  const both = Math.min(ours.length, theirs.length);
  return median(ours.slice(0, both).map((value, i) => value / theirs[i]!));
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
