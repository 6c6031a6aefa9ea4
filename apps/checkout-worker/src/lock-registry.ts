import { createLockDriver, Lock, type LockDriver, type LockDriverName } from '@app/lock';
import { strategyOf, type StrategyName } from '@app/inventory';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS } from './redis.module.js';
import { WorkerMetrics } from './worker-metrics.js';

/** The locks of this process, each opened when the first sale needs it. */
@Injectable()
export class LockRegistry implements OnApplicationShutdown {
  readonly #drivers: LockDriver[] = [];
  readonly #locks = new Map<LockDriverName, Lock>();

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly metrics: WorkerMetrics,
  ) {}

  lockOf(strategy: StrategyName): Lock {
    const { lock: name } = strategyOf(strategy);
    if (!name) throw new Error(`the strategy ${strategy} has no lock`);
    const known = this.#locks.get(name);
    if (known) return known;
    const driver = createLockDriver(name, { redis: this.redis });
    const lock = new Lock(driver, this.metrics.lockObserver(name));
    this.#drivers.push(driver);
    this.#locks.set(name, lock);
    return lock;
  }

  async onApplicationShutdown() {
    await Promise.all(this.#drivers.map((driver) => driver.close()));
  }
}
