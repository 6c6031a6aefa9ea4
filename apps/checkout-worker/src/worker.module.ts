import { postgresOf, type WorkerConfig } from '@app/config';
import { databaseModule, poolOf } from '@app/database';
import { Sale, Stock } from '@app/inventory';
import { HealthModule, logging, MetricsModule, TracingModule } from '@app/observability';
import { Payments, PROVIDERS } from '@app/payments';
import { probePostgres, probeRedis, Shards, ThinnedLog } from '@app/servers';
import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CheckoutConsumer } from './checkout.consumer.js';
import { EventRelay } from './event-relay.js';
import { LocksModule } from './locks.module.js';
import { RedisModule } from './redis.module.js';
import { StockKeeper } from './stock-keeper.js';
import { Sweeper } from './sweeper.js';

@Module({})
export class WorkerModule {
  static with(config: WorkerConfig, ending: AbortSignal): DynamicModule {
    const { DATABASE_POOL_SIZE: poolSize } = config;
    const { main } = postgresOf(config);
    const log = new ThinnedLog(new Logger('Postgres'));
    const entities = [Sale, Stock];
    return {
      module: WorkerModule,
      imports: [
        logging(config),
        TracingModule.with('checkout-worker', config),
        MetricsModule.forRoot(),
        RedisModule.with(config),
        LocksModule,
        databaseModule({ ...main, poolSize, entities, applicationName: 'checkout-worker', log }),
        HealthModule.forRootAsync({
          ending,
          inject: [Shards, DataSource],
          useFactory: (shards: Shards, dataSource: DataSource) => ({
            // While one shard is down, the sales of the others go on.
            redis: () => shards.anyOf(({ redis, prefix }) => probeRedis(redis, prefix)),
            postgres: () => probePostgres(poolOf(dataSource)),
          }),
        }),
      ],
      providers: [
        StockKeeper,
        CheckoutConsumer,
        Sweeper,
        EventRelay,
        {
          provide: Payments,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => {
            const pool = poolOf(dataSource);
            return new Payments(pool, PROVIDERS[config.PAYMENT_PROVIDER](pool), config.PAYMENT_TIMEOUT_MS);
          },
        },
      ],
    };
  }
}
