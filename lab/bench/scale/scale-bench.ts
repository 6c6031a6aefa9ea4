import { startReplicas } from '../../../local/stack/replica.js';
import { Samples } from '../../statistics/samples.js';
import type { BenchResult } from '../result.js';
import { grownBench } from './grown-bench.js';
import { drain, type Backlog, type DrainBench } from './drain.js';
import { BACKLOG, scaleTables, SKUS, WORKERS } from './scale-tables.js';

export interface ScaleBench extends DrainBench {
  readonly rounds: number;
  readonly full: boolean;
  /** Orders in the database that is measured beside an empty one; 0: none is. */
  readonly history: number;
  readonly progress: (line: string) => void;
}

/** One measurement: how many workers drain which backlog. */
interface Step extends Backlog {
  readonly benchmark: string;
  readonly contender: string;
  readonly workers: number;
}

const WORKER_COUNTS = [1, 2, 4, 8];
const SKU_COUNTS = [1, 8, 64];
const SIZES = {
  short: { orders: 20_000, backlogs: [1_000, 10_000, 40_000] },
  full: { orders: 60_000, backlogs: [1_000, 20_000, 200_000] },
};
/** Drained before a measurement by workers that have just been started, so many orders for each: as a rule they serve for hours. */
const WARM_UP = { orders: 20_000, skuCounts: [1, 64] };
const FEW_WORKERS = 4;

/** What more workers, more SKUs and a longer queue change. Steps with the same workers share them, one after the other. */
function stepsOf(full: boolean): Step[] {
  const { orders, backlogs } = full ? SIZES.full : SIZES.short;
  const step = (benchmark: string, contender: string, workers: number, backlog: Backlog): Step => ({
    benchmark,
    contender,
    workers,
    ...backlog,
  });
  const counted = (count: number, noun: string) =>
    `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
  return [
    ...WORKER_COUNTS.map((count) => step(WORKERS, counted(count, 'worker'), count, { orders, skus: 1 })),
    ...SKU_COUNTS.map((skus) => step(SKUS, counted(skus, 'SKU'), FEW_WORKERS, { orders, skus })),
    ...backlogs.map((count) =>
      step(BACKLOG, counted(count, 'order'), FEW_WORKERS, { orders: count, skus: 1 }),
    ),
  ].sort((a, b) => a.workers - b.workers);
}

/** Backlogs that are in the queue already, and how fast they are drained: what k6 and the API could deliver does not matter. */
export async function scaleBench({
  rounds,
  full,
  history,
  progress,
  ...bench
}: ScaleBench): Promise<BenchResult> {
  const { stack } = bench;
  const samples = new Samples();
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { benchmark, contender, workers, ...backlog } of stepsOf(full)) {
      if (stack.workers.length !== workers) {
        await stack.stopWorkers();
        stack.workers = await startReplicas('checkout-worker', 'worker', workers, stack.env);
        for (const skus of WARM_UP.skuCounts) {
          const { broken } = await drain(bench, 'warm-up', { skus, orders: workers * WARM_UP.orders });
          failures.push(...broken);
        }
      }
      const { broken, figures } = await drain(bench, `${benchmark}: ${contender}`, backlog);
      failures.push(...broken);
      samples.add(benchmark, contender, figures);
      progress(
        `round ${round}/${rounds}  ${benchmark}: ${contender}: ${Math.round(figures.ordersPerSecond)} orders/s`,
      );
    }
  }
  await stack.stopWorkers();
  const benchmarks = samples.benchmarks();
  const result = { benchmarks, tables: scaleTables(benchmarks), failures };
  if (history === 0) return result;
  const grown = await grownBench({ ...bench, rounds, history, progress });
  return {
    benchmarks: [...result.benchmarks, ...grown.benchmarks],
    tables: [...result.tables, ...grown.tables],
    failures: [...result.failures, ...grown.failures],
  };
}
