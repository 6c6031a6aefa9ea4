import { Admissions, DeadLetters, OutcomeListener, RestockReminders } from '@app/checkout-queue';
import { redisServersOf, type ApiConfig } from '@app/config';
import { poolOf } from '@app/database';
import { SaleCatalog } from '@app/inventory';
import { Payments, PROVIDERS } from '@app/payments';
import { openRedis, openShards, readyRedis, Shards } from '@app/servers';
import { WaitingRooms } from '@app/waiting-room';
import {
  Global,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { lookAtStockIn, lookUpIn } from './look-up.js';
import { openReadPool, openRecentReads } from './read-pools.js';
import { RecentReads } from './recent-reads.js';
import { API_CONFIG, READ_POOL } from './tokens.js';
import { TracedAdmissions } from './traced-admissions.js';

/** The connection that hears outcomes. */
const SUBSCRIBER = Symbol('redis-subscriber');
/** Those on which orders enter the queues. */
const ENTRANCES = Symbol('redis-entrances');

/** What all modules share: configuration, connections, and the libs that use them. */
@Global()
@Module({})
export class CoreModule implements OnApplicationShutdown {
  constructor(
    private readonly shards: Shards,
    @Inject(SUBSCRIBER) private readonly subscriber: Redis,
    @Inject(ENTRANCES) private readonly entrances: Shards,
    @Inject(READ_POOL) private readonly readPool: Pool,
    private readonly recentReads: RecentReads,
  ) {}

  static with(config: ApiConfig): DynamicModule {
    const logger = new Logger('Redis');
    const servers = redisServersOf(config);
    const connect = (name: string) => async () => {
      const shards = openShards(servers, { name, patience: 'requests' }, logger);
      await Promise.all(shards.all.map(({ redis }) => readyRedis(redis)));
      return shards;
    };
    return {
      module: CoreModule,
      providers: [
        { provide: API_CONFIG, useValue: config },
        { provide: Shards, useFactory: connect('checkout-api') },
        { provide: READ_POOL, useFactory: () => openReadPool(config) },
        {
          provide: RecentReads,
          inject: [READ_POOL],
          useFactory: (primary: Pool) => openRecentReads(config, primary),
        },
        {
          provide: SUBSCRIBER,
          useFactory: () =>
            readyRedis(openRedis(servers, { name: 'checkout-api-outcomes', patience: 'requests' }, logger)),
        },
        {
          provide: ENTRANCES,
          inject: [Shards],
          // They keep nobody else waiting for replicas.
          useFactory:
            config.ACCEPT_REPLICAS > 0 ? connect('checkout-api-entrance') : (shards: Shards) => shards,
        },
        {
          provide: Admissions,
          inject: [Shards, ENTRANCES, DataSource],
          useFactory: (shards: Shards, entrances: Shards, source: DataSource) =>
            admissions(shards, entrances, source, config),
        },
        { provide: DeadLetters, inject: [Shards], useFactory: (shards: Shards) => new DeadLetters(shards) },
        { provide: OutcomeListener, inject: [SUBSCRIBER], useFactory: listener },
        { provide: WaitingRooms, inject: [Shards], useFactory: (shards: Shards) => new WaitingRooms(shards) },
        {
          provide: RestockReminders,
          inject: [Shards],
          useFactory: (shards: Shards) => new RestockReminders(shards),
        },
        {
          provide: Payments,
          inject: [DataSource],
          useFactory: (source: DataSource) => payments(source, config),
        },
        {
          provide: SaleCatalog,
          inject: [DataSource],
          useFactory: (source: DataSource) => new SaleCatalog(source),
        },
      ],
      exports: [
        API_CONFIG,
        Shards,
        READ_POOL,
        RecentReads,
        Admissions,
        DeadLetters,
        OutcomeListener,
        WaitingRooms,
        RestockReminders,
        Payments,
        SaleCatalog,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    // By now the server has answered its last request.
    this.shards.disconnect();
    this.subscriber.disconnect();
    this.entrances.disconnect();
    await this.recentReads.close();
    await this.readPool.end();
  }
}

function admissions(shards: Shards, entrances: Shards, source: DataSource, config: ApiConfig): Admissions {
  const Kind = config.OTEL_EXPORTER_OTLP_ENDPOINT ? TracedAdmissions : Admissions;
  const rules = {
    idempotencyTtlSeconds: config.IDEMPOTENCY_TTL_SECONDS,
    maxBacklog: config.QUEUE_MAX_BACKLOG,
    maxBacklogOfSale: config.SALE_MAX_BACKLOG,
    replicas: config.ACCEPT_REPLICAS,
    lookUp: lookUpIn(source),
    lookAtStock: lookAtStockIn(source),
  };
  return new Kind(shards, rules, entrances);
}

function payments(source: DataSource, config: ApiConfig): Payments {
  const pool = poolOf(source);
  return new Payments(pool, PROVIDERS[config.PAYMENT_PROVIDER](pool), config.PAYMENT_TIMEOUT_MS);
}

async function listener(subscriber: Redis): Promise<OutcomeListener> {
  const created = new OutcomeListener(subscriber, randomUUID());
  await created.listen();
  return created;
}
