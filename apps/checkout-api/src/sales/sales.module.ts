import { lockServersOf, type ApiConfig } from '@app/config';
import { locksIn } from '@app/inventory';
import { Locks } from '@app/lock';
import { Shards } from '@app/servers';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { API_CONFIG } from '../core/tokens.js';
import { AuditService } from './audit.service.js';
import { LiveService } from './live.service.js';
import { SalesController } from './sales.controller.js';
import { SaleViews } from './sale-views.js';
import { SalesService } from './sales.service.js';
import { StrategyCheck } from './strategy-check.js';

const openLocks = (config: ApiConfig, shards: Shards) =>
  new Locks({ redis: locksIn(shards), ...lockServersOf(config) });

@Module({
  controllers: [SalesController],
  providers: [
    SalesService,
    SaleViews,
    AuditService,
    LiveService,
    StrategyCheck,
    { provide: Locks, inject: [API_CONFIG, Shards], useFactory: openLocks },
  ],
  exports: [SalesService],
})
export class SalesModule implements OnApplicationShutdown {
  constructor(private readonly locks: Locks) {}

  async onApplicationShutdown() {
    await this.locks.close();
  }
}
