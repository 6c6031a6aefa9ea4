import { Locks } from '@app/lock';
import { Redis } from 'ioredis';
import { inject } from 'vitest';

/** Somebody who keeps the lock of a sale from its workers. */
export class Rival {
  readonly redis = new Redis(inject('redisUrl'));
  readonly #locks = new Locks({ redis: this.redis, postgres: inject('databaseUrl') });

  /** The sale's only lock is held while `work` runs. */
  async holds(
    strategy: 'redis' | 'redis-setnx' | 'postgres-advisory',
    saleId: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const lock = await this.#locks.of(strategy);
    await lock.withLock(`${saleId}:hot`, { ttl: 60_000, wait: 10_000 }, work);
  }

  async stop(): Promise<void> {
    await this.#locks.close();
    this.redis.disconnect();
  }
}
