import type { Grant, Lease } from './contract.js';
import { LockLostError } from './errors.js';

/** Share of the TTL given away so that the local clock may run slower than the store's. */
const SAFETY_MARGIN = 0.05;
/** An extension is due when a third of the time is over: two more may fail before the lease is in danger. */
const EXTEND_AFTER = 1 / 3;
/** A store that does not answer is not asked more often than this, in milliseconds. */
const LEAST_PAUSE = 10;

/**
 * Keeps a grant alive and tells when it no longer is. The watchdog extends it while the work runs; the local clock ends it before
 * the store can give the lock to somebody else, or when the work is older than it may be.
 */
export class KeptLease implements Lease {
  #controller: AbortController | undefined;
  #loss: LockLostError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #tooOldAt: number;
  expiresAt = Infinity;

  constructor(
    readonly resource: string,
    private readonly grant: Grant,
    private readonly ttl: number,
    private readonly longest = Infinity,
  ) {
    this.#tooOldAt = performance.now() + longest;
    this.#prove(grant.provenAt, grant.firstTtl ?? grant.ttl ?? ttl);
    this.#watch();
    grant.lost?.addEventListener('abort', this.#hearLoss);
    if (grant.lost?.aborted) this.#hearLoss();
  }

  get holder() {
    return this.grant.holder;
  }

  get token() {
    return this.grant.token;
  }

  /** Made when it is first asked for: most work is over before anything can happen to its lease. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#loss) this.#controller.abort(this.#loss);
    return this.#controller.signal;
  }

  throwIfLost() {
    if (this.isLost) throw this.#loss!;
  }

  get isLost() {
    return this.#loseIfOver();
  }

  /** Ends the watchdog; the grant releases the lock itself. */
  stop() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.grant.lost?.removeEventListener('abort', this.#hearLoss);
  }

  #prove(provenAt: number | undefined, ttl: number) {
    if (provenAt !== undefined) this.expiresAt = provenAt + ttl * (1 - SAFETY_MARGIN);
  }

  /** Wakes when an extension is due or, where nothing extends the lease, when it is over. */
  #watch() {
    const { extend } = this.grant;
    if (!extend) return this.#watchEnd();
    const now = performance.now();
    const left = Math.min(this.expiresAt - now, this.ttl);
    const due = Math.min(Math.max(left * EXTEND_AFTER, LEAST_PAUSE), this.#tooOldAt - now);
    this.#timer = setTimeout(() => {
      if (!this.#loseIfOver()) void this.#extend(extend);
    }, due);
  }

  #watchEnd() {
    const left = Math.min(this.expiresAt, this.#tooOldAt) - performance.now();
    if (left === Infinity) return;
    this.#timer = setTimeout(() => {
      if (!this.#loseIfOver()) this.#watchEnd();
    }, left);
  }

  async #extend(extend: NonNullable<Grant['extend']>) {
    this.#watchEnd(); // the answer may come too late
    const sentAt = performance.now();
    // A store that does not answer is no proof of loss: the next try may reach it, else the lease runs out.
    const stillOurs = await extend(this.ttl).catch(() => undefined);
    if (this.#ended) return;
    clearTimeout(this.#timer);
    if (stillOurs === false) return this.#lose('the store has given it to somebody else or deleted it');
    if (stillOurs && this.grant.provenAt !== undefined) this.#prove(sentAt, this.grant.ttl ?? this.ttl);
    if (!this.#loseIfOver()) this.#watch();
  }

  #loseIfOver(): boolean {
    if (this.#loss) return true;
    const now = performance.now();
    if (now >= this.expiresAt) this.#lose('it ran out before it was extended');
    else if (now >= this.#tooOldAt) this.#lose(`its work took longer than ${this.longest} ms`);
    return this.#loss !== undefined;
  }

  readonly #hearLoss = () => this.#lose('its session with the store ended');

  #lose(why: string) {
    const isWorking = !this.#ended;
    this.stop();
    this.#loss ??= new LockLostError(this.resource, why);
    this.#controller?.abort(this.#loss);
    if (isWorking) this.#releaseAfterLongest();
  }

  /** Not every store takes a lock from a process that lives. The work has as long again to end by itself, and a TTL at least. */
  #releaseAfterLongest() {
    if (this.longest === Infinity) return;
    const left = this.#tooOldAt + Math.max(this.ttl, this.longest) - performance.now();
    this.#timer = setTimeout(() => void this.grant.release().catch(() => undefined), left);
  }
}
