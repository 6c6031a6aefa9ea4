import { DEFAULT_STRATEGY } from '@app/inventory';
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

export interface PlannedWorkers {
  strategy: string;
  workers: number;
  batchSize: number;
  /** Further settings of the workers, by their environment variables. */
  env?: Record<string, string>;
}

export interface PlannedRun extends PlannedWorkers {
  load: Load;
}

/** What `load-tests/full-journey.ts` sends: buyers at a constant rate, some of whom do not pay. */
export interface PlannedJourney extends PlannedWorkers {
  rate: number;
  durationSeconds: number;
  reservationTtlSeconds: number;
  stock: number;
}

export interface DemoPlan {
  apiReplicas: number;
  runs: PlannedRun[];
  journey?: PlannedJourney;
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
  return { apiReplicas, runs: [control, ...competing], journey: planJourney(options, rate) };
}

/** The stock is gone in a fifth of the time. What is not paid comes back some ten times after that, until all of it is. */
function planJourney(
  { workers, batchSize, strategies, durationSeconds }: DemoOptions,
  rate: number,
): PlannedJourney {
  // A buyer who pays costs twice what one costs who only reserves; of fewer than these, none may happen to be declined.
  const journeyRate = Math.max(20, Math.ceil(rate / 2));
  const seconds = Math.max(15, durationSeconds);
  return {
    strategy: strategies.find((name) => name === DEFAULT_STRATEGY) ?? strategies[0]!,
    workers,
    batchSize,
    rate: journeyRate,
    durationSeconds: seconds,
    reservationTtlSeconds: Math.floor(seconds / 15),
    stock: Math.ceil((journeyRate * seconds) / 5),
  };
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
