import type { RedisConnection } from './connections/redis-shards.js';
import type { Lease, LockDriver, LockObserver, LockOptions } from './contract.js';
import { overShards } from './drivers/redis/over-shards.js';
import { Lock } from './lock.js';

/**
 * Lets at most `permits` callers in at a time, first come first served, over all processes that use the same Redis and the same number of
 * permits. Permits of crashed holders come back as locks do.
 */
export class Semaphore {
  /** Opened as the drivers of locks are, so that nobody loads the client library of Redis who uses another store. */
  readonly #opened: Promise<{ driver: LockDriver; lock: Lock }>;

  constructor(connection: RedisConnection, permits: number, observer?: LockObserver) {
    if (!Number.isSafeInteger(permits) || permits < 1)
      throw new RangeError(`${permits} is no number of permits`);
    this.#opened = open(connection, permits, observer);
  }

  /** Waits for a permit, runs `work` while holding it, and releases it. Fails as {@link Lock.withLock} does. */
  async withPermit<T>(
    resource: string,
    options: LockOptions,
    work: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    const { lock } = await this.#opened;
    return lock.withLock(resource, options, work);
  }

  async close(): Promise<void> {
    const { driver } = await this.#opened;
    await driver.close();
  }
}

async function open(connection: RedisConnection, permits: number, observer?: LockObserver) {
  const { RedisDriver } = await import('./drivers/redis/redis.driver.js');
  const driver = overShards(
    connection,
    (shard, prefix) => new RedisDriver(shard, permits, `${prefix}semaphore`),
  );
  return { driver, lock: new Lock(driver, observer) };
}
