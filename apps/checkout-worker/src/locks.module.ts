import { Locks } from '@app/lock';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS } from './redis.module.js';
import { WorkerMetrics } from './worker-metrics.js';

/** The locks of this process. */
@Global()
@Module({
  providers: [
    WorkerMetrics,
    {
      provide: Locks,
      inject: [REDIS, WorkerMetrics],
      useFactory: (redis: Redis, metrics: WorkerMetrics) =>
        new Locks({ redis }, (driver) => metrics.lockObserver(driver)),
    },
  ],
  exports: [Locks, WorkerMetrics],
})
export class LocksModule implements OnApplicationShutdown {
  constructor(@Inject(Locks) private readonly locks: Locks) {}

  async onApplicationShutdown() {
    await this.locks.close();
  }
}
