import type { Redis } from 'ioredis';
import { notYet, unusable, type Hindrance } from './hindrance.js';
import { clientOf, type RedisServers } from './redis-servers.js';
import { placesOf } from './shards.js';

/** In milliseconds. */
const PATIENCE_MS = 2_000;

/** Resolves to why this application cannot work with that Redis, if it cannot. Rejects with the errors of Redis. */
export async function checkRedis(servers: RedisServers): Promise<Hindrance | undefined> {
  const found = await Promise.all(placesOf(servers).map(({ place }) => checkShard(place)));
  return found.find((hindrance) => hindrance !== undefined);
}

async function checkShard(servers: RedisServers): Promise<Hindrance | undefined> {
  const redis = clientOf(servers, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    disconnectTimeout: 0,
    retryStrategy: () => null,
    enableReadyCheck: false, // it would wait silently while Redis loads its data
  });
  // A command's own rejection says only that the connection was lost.
  const lost = new Promise<never>((_, reject) => redis.on('error', reject));
  try {
    return await Promise.race([lost, look(redis, servers.kind)]);
  } finally {
    redis.disconnect();
  }
}

async function look(redis: Redis, kind: RedisServers['kind']): Promise<Hindrance | undefined> {
  await redis.connect();
  const about = fieldsOf(await redis.info());
  if (about.get('redis_mode') === 'cluster' && kind !== 'cluster') {
    return unusable(
      'it is in cluster mode. Name nodes of the cluster in REDIS_CLUSTER_NODES, or use a server with `cluster-enabled no`.',
    );
  }
  const policy = about.get('maxmemory_policy') ?? 'noeviction';
  if (about.get('maxmemory') !== '0' && policy !== 'noeviction') {
    return unusable(
      `its maxmemory-policy ${policy} deletes accepted orders and locks when memory gets short. Set it to noeviction.`,
    );
  }
  if (about.get('loading') === '1') return notYet('loads its data');
  if (about.get('role') === 'slave') return notYet('is a replica');
  return undefined;
}

const fieldsOf = (info: string) =>
  new Map(info.split('\r\n').map((line) => line.split(':', 2) as [string, string]));
