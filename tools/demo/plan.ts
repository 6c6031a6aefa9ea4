import type { DemoOptions } from './options.js';

/** What `load-tests/flash-sale.ts` sends: a constant arrival rate, and a stampede on top of it. */
export interface Load {
  rate: number;
  spikeRate: number;
  durationSeconds: number;
  spikeStart: number;
  spikeSeconds: number;
  stock: number;
}

export interface PlannedRun {
  strategy: string;
  workers: number;
  batchSize: number;
  load: Load;
  /** Further settings of the workers, by their environment variables. */
  env?: Record<string, string>;
}

export interface DemoPlan {
  apiReplicas: number;
  runs: PlannedRun[];
}

/** The negative control, lock-off, then each strategy under the very load that lock-off had. */
export function planDemo(options: DemoOptions, rate: number): DemoPlan {
  const { apiReplicas, workers, batchSize, durationSeconds, strategies } = options;
  const load = loadOf(rate, durationSeconds, options.stock);
  const control: PlannedRun = {
    strategy: 'none',
    workers: 1,
    batchSize: 1,
    // One order at a time is slow: a small load keeps its queue short.
    load: loadOf(Math.ceil(rate / 4), Math.max(4, Math.ceil(durationSeconds / 3))),
    env: { WORKER_CONCURRENCY: '1' },
  };
  const competing = ['none', ...strategies].map((strategy) => ({ strategy, workers, batchSize, load }));
  return { apiReplicas, runs: [control, ...competing] };
}

/** The stampede triples the arrivals for a third of the time, and two thirds of the buyers come too late. */
function loadOf(rate: number, durationSeconds: number, stock?: number): Load {
  const load = {
    rate,
    spikeRate: 2 * rate,
    durationSeconds,
    spikeStart: Math.max(1, Math.floor(durationSeconds / 6)),
    spikeSeconds: Math.ceil(durationSeconds / 4),
  };
  return { ...load, stock: stock ?? Math.max(2, Math.floor(requestsOf(load) / 30) * 10) };
}

/** How many requests a load consists of; the stampede takes a second to rise and one to fall. */
export function requestsOf(load: Omit<Load, 'stock'>): number {
  return load.rate * load.durationSeconds + load.spikeRate * (load.spikeSeconds + 1);
}
