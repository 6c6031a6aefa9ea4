import { LRUCache } from 'lru-cache';

/** Most keys that are remembered. A key that is forgotten has its burst again. */
const MOST_KEYS = 10_000;

/** Spaces what comes faster than so much per second evenly. What a second may have can come at once (GCRA). */
export class Pace {
  readonly #gapMs: number;
  /** When the next unit of a key would come if all came evenly, by the clock of `performance`. */
  readonly #next = new LRUCache<string, number>({ max: MOST_KEYS });

  constructor(readonly perSecond: number) {
    this.#gapMs = 1_000 / perSecond;
  }

  /** Takes so many units. Returns the milliseconds until they are due; Infinity, and takes nothing, if those are more than `mostMs`. */
  take(key: string, units: number, mostMs: number): number {
    const now = performance.now();
    const next = Math.max(now, this.#next.get(key) ?? 0) + units * this.#gapMs;
    const dueInMs = Math.max(0, next - now - this.perSecond * this.#gapMs);
    if (dueInMs > mostMs) return Infinity;
    this.#next.set(key, next);
    return dueInMs;
  }
}
