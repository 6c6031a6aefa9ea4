import type { Load } from './worker/ways-to-settle.js';

export const BENCHMARKS = [
  'worker',
  'network',
  'requests',
  'http',
  'attack',
  'servers',
  'scale',
  'capacity',
  'locks',
] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number];

/** In seconds; what grows until then is new code, new pools, and keys of which none is old enough to go. */
export const LONG_RUN_WARM_UP = 60;

/** What the benchmarks can be asked for. */
export interface BenchOptions {
  benchmarks: readonly BenchmarkName[];
  rounds: number;
  /** Of each run under load: of these benchmarks, and of `--long`. */
  seconds: Record<'network' | 'locks' | 'http' | 'attack' | 'servers' | 'long', number>;
  orders: number;
  /** Strategies and peers for `worker`; drivers, their servers and peers for `locks`. Empty: the default. */
  only: readonly string[];
  /** Of `worker`. Empty: all of them. */
  loads: readonly Load[];
  apiReplicas: number;
  workers: number;
  full: boolean;
  /** Orders in the history of `scale`; 0: none. */
  history: number;
  long: boolean;
}

/** What `locks` compares where it is one of several: those that need no further server. */
export const LOCKS_AMONG_OTHERS = ['redis', 'postgres'];

/** What `locks` compares. */
export const locksOf = ({ benchmarks, only }: Pick<BenchOptions, 'benchmarks' | 'only'>) =>
  benchmarks.length > 1 ? LOCKS_AMONG_OTHERS : only;
