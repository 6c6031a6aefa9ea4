import { LockLostError } from './errors.js';
import { HeldLease } from './held-lease.js';
import type { Grant, Lease, LockDriver, LockObserver, LockOptions, LockState } from './lock.js';
import { Patience } from './patience.js';

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
   * @throws {LockWaitTimeoutError | LockAbortedError | LockBackendUnavailableError | LockQuorumUnreachableError} the lock
   *   was not granted; `work` did not run
   * @throws {LockLostError} the lease ended before the work did, even if `work` returned normally
   * @throws whatever `work` throws; it wins over every error of the release
   */
  async withLock<T>(resource: string, options: LockOptions, work: (lease: Lease) => Promise<T>): Promise<T> {
    const patience = new Patience(resource, options);
    const grant = await this.#acquire(resource, patience);
    const lease = new HeldLease(resource, grant, options.ttl, options.longest);
    const grantedAt = performance.now();
    this.observer.granted(patience.waited);
    try {
      const result = await work(lease);
      lease.throwIfLost();
      await release(lease, grant);
      return result;
    } catch (error) {
      if (error instanceof LockLostError) this.observer.lost();
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
   * @throws {RangeError} the store's tokens cannot be moved: with a sound store they never go backwards
   */
  async reseed(resource: string, above: bigint): Promise<void> {
    if (!this.driver.reseed) throw new RangeError(`the tokens of ${resource} cannot be moved above ${above}`);
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

  async #acquire(resource: string, patience: Patience): Promise<Grant> {
    this.observer.waiting(1);
    try {
      return await this.driver.acquire(resource, patience);
    } finally {
      this.observer.waiting(-1);
      patience.end();
    }
  }
}

/** @throws {LockLostError} when the store says that the lock was no longer ours */
async function release(lease: HeldLease, grant: Grant): Promise<void> {
  lease.stop();
  // The work ended within a proven lease: a store that cannot be reached now only delays the next holder, up to the TTL.
  const wasOurs = await grant.release().catch(() => true);
  if (!wasOurs)
    throw new LockLostError(lease.resource, 'at its release it belonged to somebody else or nobody');
}
