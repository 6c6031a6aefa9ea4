import type { Redis } from 'ioredis';
import { LockDriverUnknownError } from '../errors.js';
import type { LockDriver } from '../lock.js';
import { LocalMutexDriver } from './local-mutex/local-mutex.driver.js';
import { RedisSetnxDriver } from './redis-setnx/redis-setnx.driver.js';
import { RedisDriver } from './redis/redis.driver.js';

/** The servers that drivers may need. A driver takes connections of its own to them. */
export interface LockBackends {
  readonly redis: Redis;
}

const FACTORIES = {
  'local-mutex': () => new LocalMutexDriver(),
  'redis-setnx': ({ redis }: LockBackends) => new RedisSetnxDriver(redis),
  redis: ({ redis }: LockBackends) => new RedisDriver(redis),
} satisfies Record<string, (backends: LockBackends) => LockDriver>;

export type LockDriverName = keyof typeof FACTORIES;

/** @throws {LockDriverUnknownError} never falls back to another driver, let alone to none */
export function createLockDriver(name: LockDriverName, backends: LockBackends): LockDriver {
  if (!Object.hasOwn(FACTORIES, name)) throw new LockDriverUnknownError(name, Object.keys(FACTORIES));
  return FACTORIES[name](backends);
}
