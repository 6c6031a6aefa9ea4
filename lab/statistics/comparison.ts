import { median } from './quantiles.js';

/** One figure of one contender over all rounds; `ratioTo` says how many times that of each other contender it is. */
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
  ratioOf = ofMedians,
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
        .map(([other, theirs]) => [other, round(ratioOf(values, theirs))]),
    ),
  }));
}

const ofMedians = (ours: readonly number[], theirs: readonly number[]) => median(ours) / median(theirs);

/**
 * The median ratio of the same rounds: a machine that is slower for a minute is so for both. Of the rounds that both have; who failed has
 * none of the later ones.
 */
export function byRound(ours: readonly number[], theirs: readonly number[]): number {
  const both = Math.min(ours.length, theirs.length);
  return median(ours.slice(0, both).map((value, i) => value / theirs[i]!));
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
