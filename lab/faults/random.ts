import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Choices that a seed repeats: the schedule of a run's faults. */
export class Random {
  readonly #generator;

  /** @param purpose so that one seed gives every cell choices of its own */
  constructor(seed: number, purpose: string) {
    const hash = createHash('sha256').update(`${seed} ${purpose}`).digest();
    this.#generator = xoroshiro128plus(hash.readInt32LE());
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return uniformInt(this.#generator, least, most);
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(this.between(0, left.length - 1), 1)[0]!);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)]!;
  }
}
