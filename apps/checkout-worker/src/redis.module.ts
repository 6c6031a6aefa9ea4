import type { WorkerConfig } from '@app/config';
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';

export const CONFIG = Symbol('config');
export const REDIS = Symbol('redis');

/** The worker's configuration and its Redis connection. Commands wait out an outage: the orders in hand wait with them. */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  static with(config: WorkerConfig): DynamicModule {
    const redis = new Redis(config.REDIS_URL, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined); // readiness tells; commands are sent again after the reconnect
    return {
      module: RedisModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: REDIS, useValue: redis },
      ],
      exports: [CONFIG, REDIS],
    };
  }

  onApplicationShutdown() {
    this.redis.disconnect();
  }
}
