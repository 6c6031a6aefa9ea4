import type { InHand } from './in-hand.js';
import type { OfSku } from './queue.js';

/** Why something was not done: it was given up on for now, so that it waits in the queue and not in a worker. */
export const PARKED = new Error('it is parked: nothing of its SKU moves');

/** For how long a job is parked, in milliseconds: as long again as its SKU has stood still, between these. */
const SHORTEST = 200;
const LONGEST = 2_000;
/** Between two parked jobs that come back: a bound for what thousands of them cost Redis. */
const APART = 5;

/** When the jobs that a worker parks come back. */
export class Parking {
  #last = 0;

  constructor(private readonly inHand: InHand) {}

  until(parts: readonly OfSku[]): number {
    const still = Math.max(...parts.map((part) => this.inHand.stillFor(part)));
    const pause = Math.min(Math.max(still, SHORTEST), LONGEST) * (0.75 + Math.random() / 4);
    this.#last = Math.max(Date.now() + pause, this.#last + APART);
    return Math.round(this.#last);
  }
}
