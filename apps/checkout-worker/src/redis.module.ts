import type { WorkerConfig } from '@app/config';
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';

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
    const connect = () =>
      // Readiness tells of errors; commands are sent again after the reconnect.
      new Redis(config.REDIS_URL, { maxRetriesPerRequest: null }).on('error', () => undefined);
    return {
      module: RedisModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: REDIS, useFactory: connect },
        { provide: ANNOUNCEMENTS, useFactory: connect },
      ],
      exports: [CONFIG, REDIS, ANNOUNCEMENTS],
    };
  }

  onApplicationShutdown() {
    this.redis.disconnect();
    this.announcements.disconnect();
  }
}
