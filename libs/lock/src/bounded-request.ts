import { ANSWER_MS } from './async/answer-ms.js';
import type { LockOptions, LockRequest } from './contract.js';
import { LockAbortedError, LockBackendUnavailableError, LockWaitTimeoutError } from './errors.js';

/** What a driver is asked for on behalf of a caller who waits no longer than its options say. */
export class BoundedRequest implements LockRequest {
  readonly ttl: number;
  readonly wait: number;
  readonly earlyTakeover: boolean | undefined;
  readonly #askedAt = performance.now();
  #contended = false;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {LockAbortedError} the caller's signal has aborted already */
  constructor(
    private readonly resource: string,
    private readonly options: LockOptions,
  ) {
    this.ttl = options.ttl;
    this.wait = options.wait;
    this.earlyTakeover = options.earlyTakeover;
    if (options.signal?.aborted) throw new LockAbortedError(resource, options.signal.reason);
  }

  get waited(): number {
    return performance.now() - this.#askedAt;
  }

  /** Made when it is first asked for: a driver that finds the lock free needs none, and a signal costs more than a free lock. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      const { signal } = this.options;
      this.#controller = new AbortController();
      this.#setTimer();
      signal?.addEventListener('abort', this.#abort, { once: true });
      if (signal?.aborted) this.#abort();
    }
    return this.#controller.signal;
  }

  contended() {
    if (this.#contended) return;
    this.#contended = true;
    if (this.#controller) this.#setTimer();
  }

  /** The wait is over. */
  end() {
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener('abort', this.#abort);
  }

  #setTimer() {
    const most = this.#contended ? this.wait : Math.max(this.wait, ANSWER_MS);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#giveUp, Math.max(most - this.waited, 0));
  }

  readonly #giveUp = () =>
    this.#controller!.abort(
      this.#contended
        ? new LockWaitTimeoutError(this.resource, this.wait)
        : new LockBackendUnavailableError(
            this.resource,
            new Error('it has not told whether the lock is free'),
          ),
    );

  readonly #abort = () =>
    this.#controller!.abort(new LockAbortedError(this.resource, this.options.signal!.reason));
}
