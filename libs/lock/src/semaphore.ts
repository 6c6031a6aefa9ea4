import type { RedisConnection } from './connections/redis-shards.js';
import type { Lease, LockDriver, LockObserver, LockOptions } from './contract.js';
import { overShards } from './drivers/redis/over-shards.js';
import { RedisDriver } from './drivers/redis/redis.driver.js';
import { Lock } from './lock.js';

/**
 * Lets at most `permits` callers in at a time, first come first served, over all processes that use the same Redis and the same number of
 * permits. Permits of crashed holders come back as locks do.
 */
export class Semaphore {
  readonly #driver: LockDriver;
  readonly #lock: Lock;

  constructor(connection: RedisConnection, permits: number, observer?: LockObserver) {
    if (!Number.isSafeInteger(permits) || permits < 1)
      throw new RangeError(`${permits} is no number of permits`);
    this.#driver = overShards(
      connection,
      (shard, prefix) => new RedisDriver(shard, permits, `${prefix}semaphore`),
    );
    this.#lock = new Lock(this.#driver, observer);
  }

  /** Waits for a permit, runs `work` while holding it, and releases it. Fails as {@link Lock.withLock} does. */
  withPermit<T>(resource: string, options: LockOptions, work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.#lock.withLock(resource, options, work);
  }

  async close(): Promise<void> {
    await this.#driver.close();
  }
}
