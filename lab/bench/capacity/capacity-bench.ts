import { availableParallelism } from 'node:os';
import type { Benchmark } from '../../statistics/comparison.js';
import { Samples } from '../../statistics/samples.js';
import type { BenchResult } from '../result.js';
import type { DrainBench } from '../scale/drain.js';
import { sell } from './buyers.js';
import { checkTable, CHECK, costTables } from './capacity-tables.js';
import { AMOUNT, CONNECTIONS, measure, ORDERS, WARM_UP } from './measure.js';
import { limitsOf, lowest, medianOf, STAMPEDE, type Measured, type Place } from './model.js';

export interface CapacityBench extends DrainBench {
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

/** What a prediction may be off by. */
const TOLERANCE = 0.2;

/** Another number of processes, and another mix of checkouts, than those of the measurements. */
const CHECKS: readonly Place[] = [
  { cores: availableParallelism(), apis: 2, workers: 3, refusals: 0 },
  { cores: availableParallelism(), apis: 2, workers: 1, ...STAMPEDE },
];
/**
 * One would leave a core idle half of the time, since it and who sends in a closed loop wait for each other. Costs are measured with all of
 * them, too: where the cores share caches and more, the same work takes longer once all are busy.
 */
export const APIS = Math.max(...CHECKS.map(({ apis }) => apis));
/**
 * Most of a worker's work for an order is that of its job, its hold of the lock and its commit. Where there are several workers the lock
 * passes from one to the other and none of them always has a next job: an order takes more than with a single one.
 */
const WORKERS = 2;

const nameOf = ({ apis, workers, refusals }: Place) =>
  `${apis} x API, ${workers} x worker, ${refusals} of ${refusals + 1} sold out`;

/**
 * Measures what an order and a refusal cost each part, concludes what other numbers of them carry, and looks whether they do. All share
 * the cores of this machine, who sends the checkouts too.
 */
export async function capacityBench({ rounds, progress, ...bench }: CapacityBench): Promise<BenchResult> {
  const samples = new Samples();
  const failures: string[] = [];
  const all: Measured[] = [];
  for (let round = 1; round <= rounds; round++) {
    const { measured, ...measurement } = await withWorkers(bench, WORKERS, () => measure(bench, APIS));
    failures.push(...measurement.broken);
    all.push(measured);
    for (const place of CHECKS) {
      const mix = { orders: 1, refusals: place.refusals };
      const sold = await withWorkers(bench, place.workers, () =>
        sell(bench, place.apis, mix, AMOUNT, CONNECTIONS),
      );
      failures.push(...sold.broken);
      const { coresBusy, ordersPerSecond: carried } = sold;
      const { what, ordersPerSecond: predicted } = lowest(limitsOf(measured, place));
      samples.add(CHECK, nameOf(place), { predicted, carried, ratio: carried / predicted, coresBusy });
      progress(
        `round ${round}/${rounds}  ${nameOf(place)}: ${Math.round(carried)} orders/s, predicted ${Math.round(predicted)} (${what}): ${(carried / predicted).toFixed(2)} x, ${coresBusy.toFixed(2)} cores busy`,
      );
    }
  }
  const benchmarks = samples.benchmarks();
  const table = checkTable(benchmarks);
  return {
    benchmarks,
    tables: [...costTables(medianOf(all)), table],
    failures: [...failures, ...tooFarOff(benchmarks)],
  };
}

/** With so many workers that serve already, as they do for hours as a rule. */
async function withWorkers<T extends { readonly broken: string[] }>(
  bench: DrainBench,
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  await bench.stack.startWorkers(count);
  try {
    const warmUp = await sell(bench, APIS, ORDERS, count * WARM_UP, CONNECTIONS);
    const result = await work();
    return { ...result, broken: [...warmUp.broken, ...result.broken] };
  } finally {
    await bench.stack.stopWorkers();
  }
}

function tooFarOff(benchmarks: readonly Benchmark[]): string[] {
  return benchmarks
    .filter(({ metric, median }) => metric === 'ratio' && Math.abs(median - 1) > TOLERANCE)
    .map(({ contender, median }) => `${contender}: ${median.toFixed(2)} x what was predicted`);
}
