import type { Lease } from '@app/lock';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenWentBackError } from '../section/errors.js';
import { underLock } from '../section/under-lock.js';
import { verdictOn } from '../section/verdict-on.js';
import { strategyOf, type StrategyName } from '../strategies.js';
import type { LockingOptions } from './options.js';

/** Work is tried again at once this often in a row; after that the queue chooses the time. */
const MOST_REPEATS = 8;
/** A hold that is older hangs: each statement, and the wait for a permit, has a limit of some ten seconds. */
const LONGEST_HOLD_MS = 30_000;

/** Keeps work on the stock of a SKU apart from that of others, in the way of one strategy. */
export class Exclusion {
  constructor(
    private readonly strategy: StrategyName,
    private readonly options: LockingOptions,
  ) {}

  /** Takes the strategy's lock, if it has one. The work is the same. */
  async run<T>(resources: readonly string[], work: (...leases: Lease[]) => Promise<T>): Promise<T> {
    const { lockOf, lockOptions, signal } = this.options;
    const lock = strategyOf(this.strategy).lock ? await lockOf(this.strategy) : undefined;
    const { ttl, earlyTakeover } = lockOptions(this.strategy);
    // Twice the TTL: only a lock that nobody releases and that never runs out keeps a waiter for longer.
    const options = { ttl, earlyTakeover, wait: 2 * ttl, longest: LONGEST_HOLD_MS, signal };
    return underLock(lock, resources, options, work);
  }

  /** Resolves to the error, unless the work may be tried again at once, under a new lease after a random pause. */
  async unsolved(error: unknown, failures: number): Promise<unknown> {
    if (verdictOn(error) !== 'repeat' || failures > MOST_REPEATS) return error;
    if (error instanceof TokenWentBackError) return this.#reseed(error);
    await sleep(Math.random() * 2 ** failures);
    return undefined;
  }

  /** Resolves to the error, if there is one. */
  async #reseed({ resource, fence }: TokenWentBackError): Promise<unknown> {
    try {
      const lock = await this.options.lockOf(this.strategy);
      await lock.reseed(resource, fence);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
