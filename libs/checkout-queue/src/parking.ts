import type { InHand } from './in-hand.js';
import { saleSkuOf, type OfSku } from './queue.js';

/** The reason with which a part of a job is handed back, so that it waits in the queue and not in a worker. */
export const PARKED = new Error('it is parked: nothing of its SKU moves');

/** A job is parked for as long as its SKU has stood still, within these bounds, in milliseconds. */
const SHORTEST = 200;
const LONGEST = 2_000;
/** Least time between two parked jobs that come back, over all SKUs that stand still: thousands of them must not cost Redis more. */
const APART = 5;

/** When the jobs that a worker parks come back. Times are those of `performance.now()`: the wall clock may be set back. */
export class Parking {
  /** When the last one of a SKU does. */
  readonly #last = new Map<string, number>();

  constructor(private readonly inHand: InHand) {}

  /** Milliseconds since the epoch. A SKU that has only paused does not come back behind thousands of jobs of another. */
  until(parts: readonly OfSku[]): number {
    const now = performance.now();
    const stillest = parts.reduce((a, b) => (this.inHand.stillFor(b) > this.inHand.stillFor(a) ? b : a));
    const pause =
      Math.min(Math.max(this.inHand.stillFor(stillest), SHORTEST), LONGEST) * (0.75 + Math.random() / 4);
    const apart = APART * Math.max(1, this.inHand.still);
    const name = saleSkuOf(stillest);
    const at = Math.max(now + pause, (this.#last.get(name) ?? 0) + apart);
    this.#last.delete(name); // it is the last one in its order, too
    this.#last.set(name, at);
    this.#forget(now);
    return Math.round(Date.now() + at - now);
  }

  #forget(now: number) {
    for (const [name, at] of this.#last) {
      if (at > now) return; // the others were parked later
      this.#last.delete(name);
    }
  }
}
