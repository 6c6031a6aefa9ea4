import { lockServersOf, type WorkerConfig } from '@app/config';
import { Locks, Semaphore } from '@app/lock';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, REDIS } from './redis.module.js';
import { WorkerMetrics } from './worker-metrics.js';

const openLocks = (config: WorkerConfig, redis: Redis, metrics: WorkerMetrics) =>
  new Locks({ redis, ...lockServersOf(config) }, (driver) => metrics.lockObserver(driver));

const openSemaphore = ({ SALE_MAX_SECTIONS }: WorkerConfig, redis: Redis, metrics: WorkerMetrics) =>
  SALE_MAX_SECTIONS > 0 ? new Semaphore(redis, SALE_MAX_SECTIONS, metrics.lockObserver('semaphore')) : null;

/** The locks of this process and, if configured, the semaphore that bounds the sections of a sale. */
@Global()
@Module({
  providers: [
    WorkerMetrics,
    { provide: Locks, inject: [CONFIG, REDIS, WorkerMetrics], useFactory: openLocks },
    { provide: Semaphore, inject: [CONFIG, REDIS, WorkerMetrics], useFactory: openSemaphore },
  ],
  exports: [Locks, Semaphore, WorkerMetrics],
})
export class LocksModule implements OnApplicationShutdown {
  constructor(
    @Inject(Locks) private readonly locks: Locks,
    @Inject(Semaphore) private readonly semaphore: Semaphore | null,
  ) {}

  async onApplicationShutdown() {
    await Promise.all([this.locks.close(), this.semaphore?.close()]);
  }
}
