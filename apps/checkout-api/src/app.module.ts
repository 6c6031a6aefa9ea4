import type { ApiConfig } from '@app/config';
import { dataSourceOptions, poolOf } from '@app/database';
import { Sale, Stock } from '@app/inventory';
import { HealthModule, logging, MetricsModule, TracingModule } from '@app/observability';
import { Order } from '@app/orders';
import { isPassing } from '@app/servers';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { BuyersModule } from './buyers/buyers.module.js';
import { CheckoutsModule } from './checkouts/checkouts.module.js';
import { CoreModule, REDIS } from './core.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { QueueMetrics } from './metrics/queue-metrics.js';
import { OrdersModule } from './orders/orders.module.js';
import { PaymentsModule } from './payments/payments.module.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { validationPipe } from './problems/validation.js';
import { SalesModule } from './sales/sales.module.js';
import { WaitingRoomModule } from './waiting-room/waiting-room.module.js';

/** Pause between two attempts to reach Postgres at boot, in milliseconds. */
const RETRY_DELAY = 1_000;

/** Milliseconds until a query counts as lost: more than the server's own limit, for a server that does not react at all. */
const QUERY_TIMEOUT = 11_000;

@Module({})
export class AppModule {
  /** Boot waits for Postgres and Redis as long as they are not there; it fails when they refuse this client. */
  static with(config: ApiConfig, ending: AbortSignal): DynamicModule {
    const { DATABASE_URL: url, DATABASE_POOL_SIZE: poolSize } = config;
    const entities = [Sale, Stock, Order];
    const options = dataSourceOptions({ url, poolSize, entities, applicationName: 'checkout-api' });
    return {
      module: AppModule,
      imports: [
        logging(config.LOG_LEVEL, config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined),
        TracingModule.with('checkout-api', config),
        TypeOrmModule.forRoot({
          ...options,
          extra: { ...(options.extra as object), query_timeout: QUERY_TIMEOUT },
          retryAttempts: Infinity,
          retryDelay: RETRY_DELAY,
          toRetry: isPassing,
        }),
        CoreModule.with(config),
        MetricsModule.forRoot(),
        HealthModule.forRootAsync({
          ending,
          inject: [DataSource, REDIS],
          useFactory: (dataSource: DataSource, redis: Redis) => ({
            postgres: () => poolOf(dataSource).query('SELECT 1'),
            redis: () => redis.ping(),
          }),
        }),
        BuyersModule,
        SalesModule,
        WaitingRoomModule,
        CheckoutsModule,
        OrdersModule,
        PaymentsModule,
        DeadLettersModule,
      ],
      providers: [
        QueueMetrics,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useValue: validationPipe },
      ],
    };
  }
}
