import { LockLostError } from './errors.js';
import type { Grant, Lease } from './lock.js';

/** Share of the TTL given away so that the local clock may run slower than the store's. */
const SAFETY_MARGIN = 0.05;
/** Extensions per TTL: two may fail before the lease is in danger. */
const EXTENSIONS_PER_TTL = 3;

/**
 * Keeps a grant alive and tells when it no longer is: the watchdog extends it while the work runs, and the local
 * monotonic clock ends it before the store can have given the lock to somebody else.
 */
export class HeldLease implements Lease {
  readonly #controller = new AbortController();
  readonly #watchdog: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  expiresAt = Infinity;

  constructor(
    readonly resource: string,
    private readonly grant: Grant,
    private readonly ttl: number,
  ) {
    if (grant.provenAt !== undefined) {
      this.expiresAt = this.#provenUntil(grant.provenAt);
      this.#expiry = this.#expireLater();
    }
    if (grant.extend) {
      this.#watchdog = setInterval(() => void this.#extend(grant.extend!), ttl / EXTENSIONS_PER_TTL);
    }
  }

  get holder() {
    return this.grant.holder;
  }

  get token() {
    return this.grant.token;
  }

  get signal() {
    return this.#controller.signal;
  }

  throwIfLost() {
    if (performance.now() >= this.expiresAt) this.#lose('it ran out before it was extended');
    this.signal.throwIfAborted();
  }

  /** Ends the watchdog; the lease itself is given back by the grant. */
  stop() {
    clearInterval(this.#watchdog);
    clearTimeout(this.#expiry);
  }

  async #extend(extend: NonNullable<Grant['extend']>) {
    const sentAt = performance.now();
    // A store that does not answer is no proof of loss: the next round may reach it, else the expiry timer ends it.
    const stillOurs = await extend(this.ttl).catch(() => undefined);
    if (stillOurs === undefined || this.signal.aborted) return;
    if (!stillOurs) return this.#lose('the store has given it to somebody else or deleted it');
    this.expiresAt = this.#provenUntil(sentAt);
  }

  #provenUntil(provenAt: number) {
    return provenAt + this.ttl * (1 - SAFETY_MARGIN);
  }

  #expireLater(): NodeJS.Timeout {
    return setTimeout(() => {
      if (performance.now() < this.expiresAt) this.#expiry = this.#expireLater();
      else this.#lose('it ran out before it was extended');
    }, this.expiresAt - performance.now());
  }

  #lose(why: string) {
    this.stop();
    if (!this.signal.aborted) this.#controller.abort(new LockLostError(this.resource, why));
  }
}
