import { lockServersOf, type WorkerConfig } from '@app/config';
import { locksIn } from '@app/inventory';
import { Locks, Semaphore } from '@app/lock';
import { Shards } from '@app/servers';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from './redis.module.js';
import { WorkerMetrics } from './worker-metrics.js';

const openLocks = (config: WorkerConfig, shards: Shards, metrics: WorkerMetrics) =>
  new Locks({ redis: locksIn(shards), ...lockServersOf(config) }, (driver) => metrics.lockObserver(driver));

const openSemaphore = ({ SALE_MAX_SECTIONS }: WorkerConfig, shards: Shards, metrics: WorkerMetrics) =>
  SALE_MAX_SECTIONS > 0
    ? new Semaphore(locksIn(shards), SALE_MAX_SECTIONS, metrics.lockObserver('semaphore'))
    : null;

/** The locks of this process and, if configured, the semaphore that bounds the sections of a sale. */
@Global()
@Module({
  providers: [
    WorkerMetrics,
    { provide: Locks, inject: [CONFIG, Shards, WorkerMetrics], useFactory: openLocks },
    { provide: Semaphore, inject: [CONFIG, Shards, WorkerMetrics], useFactory: openSemaphore },
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
