import { LockLostError } from './errors.js';
import type { Grant, Lease } from './lock.js';

/** Share of the TTL given away so that the local clock may run slower than the store's. */
const SAFETY_MARGIN = 0.05;
/** An extension is due when a third of the time is over: two more may fail before the lease is in danger. */
const EXTEND_AFTER = 1 / 3;
/** A store that does not answer is not asked more often than this, in milliseconds. */
const LEAST_PAUSE = 10;

/**
 * Keeps a grant alive and tells when it no longer is: the watchdog extends it while the work runs, and the local
 * monotonic clock ends it before the store can have given the lock to somebody else.
 */
export class HeldLease implements Lease {
  readonly #controller = new AbortController();
  #watchdog: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  expiresAt = Infinity;

  constructor(
    readonly resource: string,
    private readonly grant: Grant,
    private readonly ttl: number,
  ) {
    this.#prove(grant.provenAt, grant.ttl ?? ttl);
    if (grant.provenAt !== undefined) this.#expireLater();
    if (grant.extend) this.#extendLater(grant.extend);
    if (grant.lost?.aborted) this.#hearLoss();
    grant.lost?.addEventListener('abort', this.#hearLoss);
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
    clearTimeout(this.#watchdog);
    clearTimeout(this.#expiry);
    this.#watchdog = this.#expiry = undefined;
    this.grant.lost?.removeEventListener('abort', this.#hearLoss);
  }

  #prove(provenAt = Infinity, ttl: number) {
    this.expiresAt = provenAt + ttl * (1 - SAFETY_MARGIN);
  }

  #extendLater(extend: NonNullable<Grant['extend']>) {
    const left = Math.min(this.expiresAt - performance.now(), this.ttl);
    this.#watchdog = setTimeout(() => void this.#extend(extend), Math.max(left * EXTEND_AFTER, LEAST_PAUSE));
  }

  async #extend(extend: NonNullable<Grant['extend']>) {
    const timer = this.#watchdog;
    const sentAt = performance.now();
    // A store that does not answer is no proof of loss: the next try may reach it, else the expiry timer ends it.
    const stillOurs = await extend(this.ttl).catch(() => undefined);
    if (this.#watchdog !== timer) return; // the lease has ended meanwhile
    if (stillOurs === false) return this.#lose('the store has given it to somebody else or deleted it');
    if (stillOurs && this.grant.provenAt !== undefined) this.#prove(sentAt, this.ttl);
    this.#extendLater(extend);
  }

  #expireLater() {
    this.#expiry = setTimeout(() => {
      if (performance.now() < this.expiresAt) this.#expireLater();
      else this.#lose('it ran out before it was extended');
    }, this.expiresAt - performance.now());
  }

  readonly #hearLoss = () => this.#lose('its session with the store ended');

  #lose(why: string) {
    this.stop();
    if (!this.signal.aborted) this.#controller.abort(new LockLostError(this.resource, why));
  }
}
