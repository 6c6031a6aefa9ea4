import type { WorkerConfig } from '@app/config';
import { openRedis } from '@app/servers';
import {
  Global,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Redis } from 'ioredis';

export const CONFIG = Symbol('config');
export const REDIS = Symbol('redis');
/** A connection without BullMQ's scripts: ioredis makes a pipeline as slowly as its connection has scripts. */
export const ANNOUNCEMENTS = Symbol('announcements');

/** The worker's configuration and its Redis connection. Commands wait out an outage: the orders in hand wait with them. */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(ANNOUNCEMENTS) private readonly announcements: Redis,
  ) {}

  static with(config: WorkerConfig): DynamicModule {
    const log = new Logger('Redis');
    const connect = (name: string) => () => openRedis(config.REDIS_URL, { name, patience: 'work' }, log);
    return {
      module: RedisModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: REDIS, useFactory: connect('checkout-worker') },
        { provide: ANNOUNCEMENTS, useFactory: connect('checkout-worker-announcements') },
      ],
      exports: [CONFIG, REDIS, ANNOUNCEMENTS],
    };
  }

  onApplicationShutdown() {
    this.redis.disconnect();
    this.announcements.disconnect();
  }
}
