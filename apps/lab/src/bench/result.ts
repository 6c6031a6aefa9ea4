import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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

/** Writes `reports/bench/<timestamp>/summary.json` and returns its path. */
export async function writeSummary(benchmarks: readonly Benchmark[]): Promise<string> {
  const folder = join('reports', 'bench', new Date().toISOString().replaceAll(':', '-'));
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'summary.json');
  await writeFile(file, JSON.stringify({ benchmarks }, null, 2) + '\n');
  return file;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const round = (value: number) => Math.round(value * 100) / 100;
