import { setMaxListeners } from 'node:events';
import { EtcdLeaseInvalidError, type Etcd3, type ILeaseKeepAliveResponse } from 'etcd3';
import { persist, RETRY_PAUSE_MS } from './client.js';

/** A renewal is due when a third of the TTL is over: two more may fail before the lease is in danger. */
const RENEW_AFTER = 1 / 3;

/**
 * Liveness apart from ownership: one lease, kept alive, under which all keys of a driver's locks of one TTL live.
 * `lost` aborts once the server says that the lease is gone, or the local clock that it may be.
 */
export class Session {
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** @param seconds whole seconds; the server raises them to its minimum, 1.5 election time-outs */
  static async open(etcd: Etcd3, seconds: number): Promise<Session> {
    return persist(async () => {
      const sentAt = performance.now(); // an unheard grant leaves a lease behind that nobody renews
      const { ID, TTL } = await etcd.leaseClient.leaseGrant({ TTL: seconds });
      return new Session(etcd, ID, Number(TTL) * 1_000, sentAt);
    });
  }

  private constructor(
    private readonly etcd: Etcd3,
    readonly lease: string,
    /** What the server granted, in milliseconds. */
    readonly ttl: number,
    /** `performance.now()` from before the latest command that the server answered with a live lease. */
    public provenAt: number,
  ) {
    setMaxListeners(0, this.lost); // one per lock held
    this.#renewIn(this.ttl * RENEW_AFTER);
  }

  get lost(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * Asks the server for a full TTL from now on. Resolves to false when the lease is gone; rejects when nothing was heard.
   * A short stream of its own each time: no stream to watch over, and an answer belongs to its question.
   */
  async renew(): Promise<boolean> {
    const sentAt = performance.now();
    const deadline = Date.now() + this.ttl * RENEW_AFTER;
    const stream = await this.etcd.leaseClient.leaseKeepAlive({ deadline });
    const heard = new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
      stream.on('data', resolve);
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('the stream ended before the answer')));
    });
    stream.write({ ID: this.lease });
    const { TTL } = await heard.finally(() => stream.end());
    if (Number(TTL) <= 0) await this.end(new EtcdLeaseInvalidError(this.lease));
    else this.provenAt = Math.max(this.provenAt, sentAt);
    return !this.lost.aborted;
  }

  /** Stops renewing and gives up all keys of the session at once. */
  async end(why?: unknown): Promise<void> {
    if (this.lost.aborted) return;
    clearTimeout(this.#timer);
    this.#ended.abort(why);
    // Not heard by the server: the lease runs out by itself.
    await this.etcd.leaseClient.leaseRevoke({ ID: this.lease }).catch(() => undefined);
  }

  #renewIn(pause: number) {
    this.#timer = setTimeout(() => void this.#keepAlive(), pause);
  }

  async #keepAlive() {
    const alive = await this.renew().catch(() => undefined);
    if (this.lost.aborted) return;
    if (alive) this.#renewIn(this.ttl * RENEW_AFTER);
    else if (performance.now() < this.provenAt + this.ttl) this.#renewIn(RETRY_PAUSE_MS);
    else await this.end(new EtcdLeaseInvalidError(this.lease));
  }
}
