import { BoundedRequest } from './bounded-request.js';
import type {
  Grant,
  Lease,
  LockDriver,
  LockObserver,
  LockOptions,
  LockRequest,
  LockState,
} from './contract.js';
import {
  LockBackendUnavailableError,
  LockDeniedError,
  LockLostError,
  LockQuorumUnreachableError,
} from './errors.js';
import { KeptLease } from './kept-lease.js';

const SILENT: LockObserver = { waiting() {}, granted() {}, released() {}, lost() {} };

/** Runs work under a lock of one driver. This is all that callers see of a lock. */
export class Lock {
  constructor(
    private readonly driver: LockDriver,
    private readonly observer: LockObserver = SILENT,
  ) {}

  /**
   * Waits for the lock, runs `work` while holding it, releases it, and returns what `work` returned.
   *
   * @throws {LockWaitTimeoutError | LockAbortedError | LockBackendUnavailableError | LockQuorumUnreachableError | LockDeniedError}
   *   the lock was not granted; `work` did not run
   * @throws {LockLostError} the lease ended before the work did, even if `work` returned normally
   * @throws whatever `work` throws; it wins over every error of the release
   */
  async withLock<T>(resource: string, options: LockOptions, work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.#during(resource, options, (request) => this.driver.acquire(resource, request), work);
  }

  /**
   * The same while holding all of these locks, one at least. They are taken in the order given: name them in the same order everywhere,
   * else two callers could wait for each other. Where they are granted one by one, `wait` is for each.
   */
  async withLocks<T>(
    resources: readonly string[],
    options: LockOptions,
    work: (...leases: Lease[]) => Promise<T>,
  ): Promise<T> {
    const [resource, ...others] = resources as [string, ...string[]];
    if (others.length === 0) return this.withLock(resource, options, work);
    const { driver } = this;
    if (driver.acquireAll) {
      const acquire = (request: LockRequest) => driver.acquireAll!(resources, request);
      return this.#during(resources.join(', '), options, acquire, (lease) =>
        work(...resources.map(() => lease)),
      );
    }
    return this.withLock(resource, options, (lease) =>
      this.withLocks(others, options, (...leases) => work(lease, ...leases)),
    );
  }

  async #during<T>(
    resource: string,
    options: LockOptions,
    acquire: (request: LockRequest) => Promise<Grant>,
    work: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    const request = new BoundedRequest(resource, options);
    const grant = await this.#await(acquire, request);
    const lease = new KeptLease(resource, grant, options.ttl, options.longest);
    const grantedAt = performance.now();
    this.observer.granted(request.waited);
    try {
      const result = await work(lease);
      lease.throwIfLost();
      await release(lease, grant);
      return result;
    } catch (error) {
      if (lease.isLost || error instanceof LockLostError) this.observer.lost();
      await grant.release().catch(() => undefined); // nothing happens if that was done; the error at hand wins
      throw error;
    } finally {
      lease.stop();
      this.observer.released(performance.now() - grantedAt);
    }
  }

  /**
   * See {@link LockDriver.reseed}.
   *
   * @throws {RangeError} the driver gives no tokens
   */
  async reseed(resource: string, above: bigint): Promise<void> {
    if (!this.driver.reseed)
      throw new RangeError(`there are no tokens of ${resource} to be moved above ${above}`);
    await this.driver.reseed(resource, above);
  }

  /**
   * Who has the lock and who waits; nothing where the store cannot be asked.
   *
   * @throws {LockBackendUnavailableError}
   */
  async inspect(resource: string): Promise<LockState | undefined> {
    return this.driver.inspect?.(resource);
  }

  async #await(acquire: (request: LockRequest) => Promise<Grant>, request: BoundedRequest): Promise<Grant> {
    this.observer.waiting(1);
    try {
      return await acquire(request);
    } catch (error) {
      throw this.#denied(error) ?? error;
    } finally {
      this.observer.waiting(-1);
      request.end();
    }
  }

  #denied(error: unknown): LockDeniedError | undefined {
    const failed = [LockBackendUnavailableError, LockQuorumUnreachableError].some(
      (kind) => error instanceof kind,
    );
    if (!failed) return undefined;
    const { cause } = error as Error;
    const remedy = this.driver.remedyFor?.(cause);
    return remedy === undefined ? undefined : new LockDeniedError(remedy, cause);
  }
}

/** @throws {LockLostError} when the store says that the lock was no longer ours */
async function release(lease: KeptLease, grant: Grant): Promise<void> {
  lease.stop();
  // The work ended within a proven lease: a store that cannot be reached now only delays the next holder, up to the TTL.
  const wasOurs = await grant.release().catch(() => true);
  if (!wasOurs)
    throw new LockLostError(lease.resource, 'at its release it belonged to somebody else or nobody');
}
