import { redisServersOf, type WorkerConfig } from '@app/config';
import { openShards, Shards } from '@app/servers';
import { Global, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';

export const CONFIG = Symbol('config');

/**
 * The worker's configuration and its connections to Redis. During an outage commands wait, and the orders in hand with them. Use no
 * blocking command and no pipeline: ioredis makes one slowly here, since BullMQ defines some sixty scripts.
 */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(private readonly shards: Shards) {}

  static with(config: WorkerConfig): DynamicModule {
    const log = new Logger('Redis');
    const connect = () =>
      openShards(redisServersOf(config), { name: 'checkout-worker', patience: 'work' }, log);
    return {
      module: RedisModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: Shards, useFactory: connect },
      ],
      exports: [CONFIG, Shards],
    };
  }

  onApplicationShutdown() {
    this.shards.disconnect();
  }
}
