import { serversIn } from '../../servers.js';
import type { BenchResult } from '../result.js';
import { race } from './race.js';
import { isMeant, serverOf, WAYS_TO_SETTLE, type Load, type WayToSettle } from './ways-to-settle.js';
import { benchmarkOf, workerTables } from './worker-tables.js';

export interface WorkerBenchOptions {
  /** Strategies and peers. Empty: all whose servers are given. */
  readonly only: readonly string[];
  /** Empty: all of them. */
  readonly loads: readonly Load[];
  /** That the fast contenders settle in a run; the slow ones a share of it. */
  readonly orders: number;
  readonly rounds: number;
}

/** The ways to settle orders, each under the loads in which it is compared. */
export async function workerBench(
  { only, loads, orders, rounds }: WorkerBenchOptions,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const chosen = WAYS_TO_SETTLE.filter((way) => isMeant(way, { only, loads }) && isThere(way));
  const entrants = chosen.map((contender) => ({
    contender,
    orders: Math.ceil(orders * contender.share),
    benchmark: benchmarkOf(contender.load),
  }));
  const result = await race(entrants, rounds, progress);
  return { ...result, tables: workerTables(result.benchmarks) };
}

function isThere(contender: WayToSettle): boolean {
  const server = serverOf(contender);
  return server === undefined || serversIn(process.env)[server] !== undefined;
}
