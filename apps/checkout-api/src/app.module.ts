import { postgresOf, type ApiConfig } from '@app/config';
import { databaseModule, poolOf } from '@app/database';
import { Sale, Stock } from '@app/inventory';
import { HealthModule, logging, MetricsModule, TracingModule } from '@app/observability';
import { Order } from '@app/orders';
import { probePostgres, probeRedis, probeReplicas, Shards, ThinnedLog } from '@app/servers';
import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { AdminModule } from './admin/admin.module.js';
import { BuyersModule } from './buyers/buyers.module.js';
import { CheckoutsModule } from './checkouts/checkouts.module.js';
import { ControlsModule } from './controls/controls.module.js';
import { CoreModule } from './core/core.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { EventsModule } from './events/events.module.js';
import { ProblemFilter } from './http/problems/problem.filter.js';
import { validationPipe } from './http/problems/validation.js';
import { LimitsModule } from './limits/limits.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PaymentsModule } from './payments/payments.module.js';
import { QueueMetrics } from './queues/queue-metrics.js';
import { SalesModule } from './sales/sales.module.js';
import { WaitingRoomModule } from './waiting-room/waiting-room.module.js';

@Module({})
export class AppModule {
  static with(config: ApiConfig, ending: AbortSignal): DynamicModule {
    const { DATABASE_POOL_SIZE: poolSize, ACCEPT_REPLICAS: replicas } = config;
    const { main } = postgresOf(config);
    const entities = [Sale, Stock, Order];
    const log = new ThinnedLog(new Logger('Postgres'));
    return {
      module: AppModule,
      imports: [
        logging(config),
        TracingModule.with('checkout-api', config),
        databaseModule({ ...main, poolSize, entities, applicationName: 'checkout-api', log }),
        CoreModule.with(config),
        MetricsModule.forRoot(),
        HealthModule.forRootAsync({
          ending,
          inject: [DataSource, Shards],
          useFactory: (dataSource: DataSource, shards: Shards) => ({
            postgres: () => probePostgres(poolOf(dataSource)),
            // While one shard is down, the sales of the others go on.
            redis: () => shards.anyOf(({ redis, prefix }) => probeRedis(redis, prefix)),
            ...(replicas > 0 && {
              redis_replicas: () =>
                shards.anyOf(({ redis, prefix }) => probeReplicas(redis, replicas, prefix)),
            }),
          }),
        }),
        AdminModule,
        BuyersModule,
        LimitsModule,
        SalesModule,
        ControlsModule,
        WaitingRoomModule,
        CheckoutsModule,
        OrdersModule,
        PaymentsModule,
        DeadLettersModule,
        EventsModule,
      ],
      providers: [
        QueueMetrics,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useValue: validationPipe },
      ],
    };
  }
}
