import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../../connections/redis-shards.js';
import type { LockDriver } from '../../contract.js';

/** A driver; or one for each shard, as one. `open` is told what all keys begin with. */
export function overShards(
  connection: RedisConnection,
  open: (connection: Redis | Cluster, prefix: string) => LockDriver,
): LockDriver {
  if (!('all' in connection)) return open(connection, '');
  const drivers = new Map(connection.all.map((shard) => [shard, open(shard.redis, shard.prefix)]));
  const of = (resource: string) => drivers.get(connection.of(resource))!;
  const like = drivers.get(connection.all[0]!)!;
  return {
    acquire: (resource, request) => of(resource).acquire(resource, request),
    ...(like.reseed && {
      reseed: (resource: string, above: bigint) => of(resource).reseed!(resource, above),
    }),
    remedyFor: (error) => like.remedyFor?.(error),
    inspect: (resource) => of(resource).inspect!(resource),
    close: async () => void (await Promise.all([...drivers.values()].map((driver) => driver.close()))),
  };
}
