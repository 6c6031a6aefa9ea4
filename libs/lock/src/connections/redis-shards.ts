import type { Cluster, Redis } from 'ioredis';

/** Where the keys of a resource are, and what they begin with there. */
interface RedisPlace {
  readonly redis: Redis;
  readonly prefix: string;
}

/** Several connections, each of which leads to some of the resources. */
export interface RedisShards {
  readonly all: readonly RedisPlace[];
  of(resource: string): RedisPlace;
}

export type RedisConnection = Redis | Cluster | RedisShards;
