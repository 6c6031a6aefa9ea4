import { Admissions, DeadLetters, OutcomeListener, RestockReminders } from '@app/checkout-queue';
import { redisServersOf, type ApiConfig } from '@app/config';
import { poolOf } from '@app/database';
import { SaleCatalog } from '@app/inventory';
import { Payments, PROVIDERS } from '@app/payments';
import { openRedis, readyRedis } from '@app/servers';
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
import { lookUpIn } from './look-up.js';
import { openReadPool, openRecentReads } from './read-pools.js';
import { RecentReads } from './recent-reads.js';
import { API_CONFIG, READ_POOL, REDIS } from './tokens.js';
import { TracedAdmissions } from './traced-admissions.js';

/** The connection that hears outcomes. */
const SUBSCRIBER = Symbol('redis-subscriber');
/** The one on which orders enter the queue. */
const ENTRANCE = Symbol('redis-entrance');

/** What all modules share: configuration, connections, and the libs that use them. */
@Global()
@Module({})
export class CoreModule implements OnApplicationShutdown {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(SUBSCRIBER) private readonly subscriber: Redis,
    @Inject(ENTRANCE) private readonly entrance: Redis,
    @Inject(READ_POOL) private readonly readPool: Pool,
    private readonly recentReads: RecentReads,
  ) {}

  static with(config: ApiConfig): DynamicModule {
    const logger = new Logger('Redis');
    const servers = redisServersOf(config);
    const connect = (name: string) => () =>
      readyRedis(openRedis(servers, { name, patience: 'requests' }, logger));
    return {
      module: CoreModule,
      providers: [
        { provide: API_CONFIG, useValue: config },
        { provide: REDIS, useFactory: connect('checkout-api') },
        { provide: READ_POOL, useFactory: () => openReadPool(config) },
        {
          provide: RecentReads,
          inject: [READ_POOL],
          useFactory: (primary: Pool) => openRecentReads(config, primary),
        },
        { provide: SUBSCRIBER, useFactory: connect('checkout-api-outcomes') },
        {
          provide: ENTRANCE,
          inject: [REDIS],
          // It keeps nobody else waiting for replicas.
          useFactory: config.ACCEPT_REPLICAS > 0 ? connect('checkout-api-entrance') : (redis: Redis) => redis,
        },
        {
          provide: Admissions,
          inject: [REDIS, ENTRANCE, DataSource],
          useFactory: (redis: Redis, entrance: Redis, source: DataSource) =>
            admissions(redis, entrance, source, config),
        },
        { provide: DeadLetters, inject: [REDIS], useFactory: (redis: Redis) => new DeadLetters(redis) },
        { provide: OutcomeListener, inject: [SUBSCRIBER], useFactory: listener },
        { provide: WaitingRooms, inject: [REDIS], useFactory: (redis: Redis) => new WaitingRooms(redis) },
        {
          provide: RestockReminders,
          inject: [REDIS],
          useFactory: (redis: Redis) => new RestockReminders(redis),
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
        REDIS,
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
    this.redis.disconnect();
    this.subscriber.disconnect();
    this.entrance.disconnect();
    await this.recentReads.close();
    await this.readPool.end();
  }
}

function admissions(redis: Redis, entrance: Redis, source: DataSource, config: ApiConfig): Admissions {
  const Kind = config.OTEL_EXPORTER_OTLP_ENDPOINT ? TracedAdmissions : Admissions;
  const rules = {
    idempotencyTtlSeconds: config.IDEMPOTENCY_TTL_SECONDS,
    maxBacklog: config.QUEUE_MAX_BACKLOG,
    maxBacklogOfSale: config.SALE_MAX_BACKLOG,
    replicas: config.ACCEPT_REPLICAS,
    lookUp: lookUpIn(source),
  };
  return new Kind(redis, rules, entrance);
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
