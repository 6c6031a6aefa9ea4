import { lockServersOf, type ApiConfig } from '@app/config';
import { Locks } from '@app/lock';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { API_CONFIG, REDIS } from '../core/tokens.js';
import { AuditService } from './audit.service.js';
import { LiveService } from './live.service.js';
import { SalesController } from './sales.controller.js';
import { SaleViews } from './sale-views.js';
import { SalesService } from './sales.service.js';
import { StrategyCheck } from './strategy-check.js';

const openLocks = (config: ApiConfig, redis: Redis) => new Locks({ redis, ...lockServersOf(config) });

@Module({
  controllers: [SalesController],
  providers: [
    SalesService,
    SaleViews,
    AuditService,
    LiveService,
    StrategyCheck,
    { provide: Locks, inject: [API_CONFIG, REDIS], useFactory: openLocks },
  ],
  exports: [SalesService],
})
export class SalesModule implements OnApplicationShutdown {
  constructor(private readonly locks: Locks) {}

  async onApplicationShutdown() {
    await this.locks.close();
  }
}
