import { setMaxListeners } from 'node:events';
import { RETRY_PAUSE_MS } from '../async/persist.js';

/** A renewal is due when a third of the TTL is over: two more may fail before the session is in danger. */
export const RENEW_AFTER = 1 / 3;

/**
 * Liveness apart from ownership: a session of the store, kept alive, for all keys of a driver's locks of one TTL, those of waiters
 * included. `lost` aborts once the store says that it is gone, or the local clock that it may be.
 */
export abstract class KeptSession {
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  protected constructor(
    /** How long the store keeps it without a renewal, in milliseconds. */
    readonly ttl: number,
    /** `performance.now()` from before the latest command that the store answered with a live session. */
    public provenAt: number,
  ) {
    setMaxListeners(0, this.lost); // one per lock
    this.#renewIn(this.ttl * RENEW_AFTER);
  }

  /** Asks the store for a full TTL from now on. Resolves to false when the session is gone. */
  protected abstract prolong(): Promise<boolean>;
  protected abstract destroy(): Promise<unknown>;

  get lost(): AbortSignal {
    return this.#ended.signal;
  }

  /** Resolves to false when the session is gone; rejects when the store was not heard. */
  async renew(): Promise<boolean> {
    const sentAt = performance.now();
    if (await this.prolong()) this.provenAt = Math.max(this.provenAt, sentAt);
    else await this.end();
    return !this.lost.aborted;
  }

  /** Stops renewing and gives up all keys of the session at once. */
  async end(): Promise<void> {
    if (this.lost.aborted) return;
    clearTimeout(this.#timer);
    this.#ended.abort();
    await this.destroy().catch(() => undefined); // not heard by the store: it runs out by itself
  }

  #renewIn(pause: number) {
    this.#timer = setTimeout(() => void this.#keepAlive(), pause);
  }

  async #keepAlive() {
    const alive = await this.renew().catch(() => undefined);
    if (this.lost.aborted) return;
    if (alive) this.#renewIn(this.ttl * RENEW_AFTER);
    else if (performance.now() < this.provenAt + this.ttl) this.#renewIn(RETRY_PAUSE_MS);
    else await this.end();
  }
}
