import { byRound, compare, type Benchmark } from './comparison.js';

/** What was measured, round by round. */
export class Samples {
  readonly #values = new Map<string, Map<string, Map<string, number[]>>>();

  add(benchmark: string, contender: string, figures: object) {
    for (const [metric, value] of Object.entries(figures) as [string, number][]) {
      const metrics = entry(this.#values, benchmark, () => new Map<string, Map<string, number[]>>());
      const contenders = entry(metrics, metric, () => new Map<string, number[]>());
      entry(contenders, contender, () => []).push(value);
    }
  }

  benchmarks(): Benchmark[] {
    return [...this.#values].flatMap(([name, metrics]) =>
      [...metrics].flatMap(([metric, contenders]) => compare(name, metric, contenders, byRound)),
    );
  }
}

function entry<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}
