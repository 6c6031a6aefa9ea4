import { availableParallelism } from 'node:os';
import type { Benchmark } from '../../statistics/comparison.js';
import { Samples } from '../../statistics/samples.js';
import type { BenchResult } from '../result.js';
import type { DrainBench } from '../scale/drain.js';
import { sell } from './buyers.js';
import { checkTable, CHECK, costTables } from './capacity-tables.js';
import { AMOUNT, CONNECTIONS, measure, WARM_UP } from './measure.js';
import { limitsOf, lowest, medianOf, STAMPEDE, type Measured, type Place } from './model.js';

export interface CapacityBench extends DrainBench {
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

/** What a prediction may be off by. */
const TOLERANCE = 0.2;

/** Another number of processes, and another mix of checkouts, than those of the measurements. */
const CHECKS: readonly Place[] = [
  { cores: availableParallelism(), apis: 2, workers: 2, refusals: 0 },
  { cores: availableParallelism(), apis: 2, workers: 1, ...STAMPEDE },
];
/**
 * One would leave a core idle half of the time, since it and who sends in a closed loop wait for each other. Costs are measured with all of
 * them, too: where the cores share caches and more, the same work takes longer once all are busy.
 */
export const APIS = Math.max(...CHECKS.map(({ apis }) => apis));

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
    const { measured, broken } = await withWorkers(bench, 1, () => measure(bench, APIS));
    failures.push(...broken);
    all.push(measured);
    for (const place of CHECKS) {
      const carried = await withWorkers(bench, place.workers, () => load(bench, place));
      failures.push(...carried.broken);
      const { what, ordersPerSecond: predicted } = lowest(limitsOf(measured, place));
      samples.add(CHECK, nameOf(place), {
        predicted,
        carried: carried.ordersPerSecond,
        coresBusy: carried.coresBusy,
      });
      progress(
        `round ${round}/${rounds}  ${nameOf(place)}: ${Math.round(carried.ordersPerSecond)} orders/s, predicted ${Math.round(predicted)} (${what}), ${carried.coresBusy.toFixed(2)} cores busy`,
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

/** With workers that serve already, as they do for hours as a rule. */
async function load(bench: DrainBench, { apis, refusals }: Place) {
  const mix = { orders: 1, refusals };
  const warmUp = await sell(bench, apis, mix, WARM_UP, CONNECTIONS);
  const { ordersPerSecond, coresBusy, broken } = await sell(bench, apis, mix, AMOUNT, CONNECTIONS);
  return { ordersPerSecond, coresBusy, broken: [...warmUp.broken, ...broken] };
}

async function withWorkers<T>({ stack }: DrainBench, count: number, work: () => Promise<T>): Promise<T> {
  await stack.startWorkers(count);
  try {
    return await work();
  } finally {
    await stack.stopWorkers();
  }
}

function tooFarOff(benchmarks: readonly Benchmark[]): string[] {
  const carried = benchmarks.filter(({ metric }) => metric === 'carried');
  return carried.flatMap(({ contender, median }) => {
    const predicted = benchmarks.find(
      (other) => other.contender === contender && other.metric === 'predicted',
    )!;
    const ratio = median / predicted.median;
    return Math.abs(ratio - 1) <= TOLERANCE ? [] : [`${contender}: ${ratio.toFixed(2)} x what was predicted`];
  });
}
