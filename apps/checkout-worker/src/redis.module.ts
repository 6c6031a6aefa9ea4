import { redisServersOf, type WorkerConfig } from '@app/config';
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
 * The worker's configuration and its Redis connection. During an outage commands wait, and the orders in hand with them. Use no
 * blocking command and no pipeline: ioredis makes one slowly here, since BullMQ defines some sixty scripts.
 */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  static with(config: WorkerConfig): DynamicModule {
    const log = new Logger('Redis');
    const connect = () =>
      openRedis(redisServersOf(config), { name: 'checkout-worker', patience: 'work' }, log);
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
