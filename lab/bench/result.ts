import type { Table } from '../report/table.js';
import type { Benchmark } from '../statistics/comparison.js';

/** What a benchmark measured. */
export interface BenchResult {
  readonly benchmarks: readonly Benchmark[];
  /** The same for a person: what the terminal and the report show. */
  readonly tables: readonly Table[];
  /** Sentences that say what broke an invariant, or could not be measured: with one of them the benchmark has failed. */
  readonly failures: readonly string[];
}
