import { LockAbortedError, LockWaitTimeoutError } from './errors.js';
import type { LockOptions, LockRequest } from './lock.js';

/** A caller's wait for a lock: what the driver is asked for, and when to give up. */
export class Patience implements LockRequest {
  readonly ttl: number;
  readonly fenced: boolean | undefined;
  readonly #askedAt = performance.now();
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {LockAbortedError} the caller's signal has aborted already */
  constructor(
    private readonly resource: string,
    private readonly options: LockOptions,
  ) {
    this.ttl = options.ttl;
    this.fenced = options.fenced;
    if (options.signal?.aborted) throw new LockAbortedError(resource, options.signal.reason);
  }

  get waited(): number {
    return performance.now() - this.#askedAt;
  }

  /** Made when the driver looks at it, hence only where the lock was not free: a signal costs more than a free lock. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      const { wait, signal } = this.options;
      this.#controller = new AbortController();
      this.#timer = setTimeout(
        () => this.#controller!.abort(new LockWaitTimeoutError(this.resource, wait)),
        Math.max(wait - this.waited, 0),
      );
      signal?.addEventListener('abort', this.#abort, { once: true });
      if (signal?.aborted) this.#abort();
    }
    return this.#controller.signal;
  }

  /** The wait is over. */
  end() {
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener('abort', this.#abort);
  }

  readonly #abort = () =>
    this.#controller!.abort(new LockAbortedError(this.resource, this.options.signal!.reason));
}
