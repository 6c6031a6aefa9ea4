import type { BenchResult } from '../result.js';
import { race } from '../worker/race.js';
import { benchmarkOf, CONTENDERS, ordersFor } from './contenders.js';

export interface DelayedRaceOptions {
  /** How far away the servers are that the environment names. */
  readonly ms: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** One delay of the network benchmark. */
export async function delayedRace(
  { ms, rounds, seconds }: DelayedRaceOptions,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const entrants = CONTENDERS.map((contender) => ({
    contender,
    orders: ordersFor(contender, ms, seconds),
    benchmark: benchmarkOf(ms),
  }));
  return { ...(await race(entrants, rounds, progress)), tables: [] };
}
