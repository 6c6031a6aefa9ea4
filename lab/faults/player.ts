import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from './actor.js';
import type { Point } from './actor/protocol.js';

/** A process with one thing to do, which the schedule halts at a point on the way. */
export class Player<T> {
  #halted: Promise<() => void> | undefined;
  #ended: Promise<T> | undefined;

  constructor(
    readonly actor: Actor,
    /** Begins it, and resolves to how it ended. */
    readonly call: () => Promise<T>,
  ) {}

  /** How it ended; undefined if it was never started. */
  get ended(): Promise<T> | undefined {
    return this.#ended;
  }

  /** Starts it. Resolves to whether it came to the point before its end and, where `patience` is given, within so many ms. */
  async startTo(point: Point, patience?: number): Promise<boolean> {
    this.#halted = this.actor.haltAt(point);
    this.#ended = this.call();
    const late = new AbortController();
    const outcomes = [this.#halted.then(() => true), this.#ended.then(() => false)];
    const giveUp = () => sleep(patience, false, { signal: late.signal }).catch(() => false);
    try {
      return await Promise.race(patience === undefined ? outcomes : [...outcomes, giveUp()]);
    } finally {
      late.abort();
    }
  }

  /** Lets it go on to its end, from the point where it is, or from there once it comes there. */
  async goOn(): Promise<T> {
    await Promise.race([this.#halted!.then((goOn) => goOn()), this.#ended]);
    return this.#ended!;
  }
}
