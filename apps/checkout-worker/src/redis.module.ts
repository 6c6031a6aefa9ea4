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
/**
 * The worker's configuration and its Redis connection. Commands wait out an outage: the orders in hand wait with them. None may
 * block, and none needs a pipeline, which ioredis makes as slowly as a connection has scripts, some sixty of BullMQ here.
 */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  static with(config: WorkerConfig): DynamicModule {
    const log = new Logger('Redis');
    const connect = () => openRedis(config.REDIS_URL, { name: 'checkout-worker', patience: 'work' }, log);
    return {
      module: RedisModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: REDIS, useFactory: connect },
      ],
      exports: [CONFIG, REDIS],
    };
  }

  onApplicationShutdown() {
    this.redis.disconnect();
  }
}
