import { serversIn } from '../../servers.js';
import type { BenchResult } from '../result.js';
import { race } from './race.js';
import { serverOf, wayOf, WAYS_TO_SETTLE, type WayToSettle } from './ways-to-settle.js';
import { benchmarkOf, workerTables } from './worker-tables.js';

export interface WorkerBenchOptions {
  /** Strategies and peers. Empty: all whose servers are given. */
  readonly only: readonly string[];
  /** That the fast contenders settle in a run; the slow ones a share of it. */
  readonly orders: number;
  readonly rounds: number;
}

/** The ways to settle orders, each under the loads in which it is compared. */
export async function workerBench(
  { only, orders, rounds }: WorkerBenchOptions,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const entrants = WAYS_TO_SETTLE.filter((contender) => isThere(contender, only)).map((contender) => ({
    contender,
    orders: Math.ceil(orders * contender.share),
    benchmark: benchmarkOf(contender.load),
  }));
  const result = await race(entrants, rounds, progress);
  return { ...result, tables: workerTables(result.benchmarks) };
}

function isThere(contender: WayToSettle, only: readonly string[]): boolean {
  const server = serverOf(contender);
  if (only.length > 0 && !only.includes(wayOf(contender))) return false;
  return server === undefined || serversIn(process.env)[server] !== undefined;
}
