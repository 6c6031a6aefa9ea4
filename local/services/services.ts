import { LOCK_SERVER_VARIABLES } from '@app/config';
import type { LockBackends } from '@app/lock';
import { provideCassandra } from '../setup/cassandra.js';
import { provideConsul } from '../setup/consul.js';
import { provideEtcd } from '../setup/etcd.js';
import { meetAll } from '../setup/meet-need.js';
import { provideMysql } from '../setup/mysql.js';
import { providePostgres } from '../setup/postgres.js';
import { provideRedis, provideRedlock } from '../setup/redis.js';
import { provideZookeeper } from '../setup/zookeeper.js';
import { startCassandra } from './cassandra.js';
import { startConsul } from './consul.js';
import { startEtcd } from './etcd.js';
import { startMysql } from './mysql.js';
import { startPostgres } from './postgres.js';
import { startRedis, startRedlockServers } from './redis.js';
import { startSafeCluster, stopRedisCluster } from './redis-cluster.js';
import { startSafeRedis, stopReplicatedRedis } from './redis-sentinel.js';
import type { Service } from './service.js';
import { startZookeeper } from './zookeeper.js';

interface Server {
  provide: () => Promise<unknown>;
  start: () => Promise<Service | Service[]>;
}

export type ServerName = keyof LockBackends;

const SERVERS: Record<ServerName, Server> = {
  postgres: { provide: providePostgres, start: startPostgres },
  redis: { provide: provideRedis, start: startRedis },
  redlock: { provide: provideRedlock, start: startRedlockServers },
  etcd: { provide: provideEtcd, start: startEtcd },
  zookeeper: { provide: provideZookeeper, start: startZookeeper },
  consul: { provide: provideConsul, start: startConsul },
  cassandra: { provide: provideCassandra, start: startCassandra },
  mysql: { provide: provideMysql, start: startMysql },
};
export const SERVER_NAMES = Object.keys(SERVERS) as ServerName[];

/** Sees to it that these servers can be started, which may take minutes where one has to be installed. */
export const provideServers = (names: readonly ServerName[]) =>
  meetAll(...names.map((name) => SERVERS[name].provide));

/** Starts these servers side by side. Whatever ends this process ends them too. */
export async function startLockServers<Name extends ServerName>(names: readonly Name[]) {
  await provideServers(names);
  const started = await Promise.all(
    names.map(async (name) => ({ name, services: [await SERVERS[name].start()].flat() })),
  );
  const variables = started.map(({ name, services }) => [
    LOCK_SERVER_VARIABLES[name],
    services.map(({ url }) => url).join(','),
  ]);
  return {
    /** Where they are, for the application. */
    env: Object.fromEntries(variables) as Record<(typeof LOCK_SERVER_VARIABLES)[Name], string>,
    stop: async (): Promise<void> => {
      await Promise.all(started.flatMap(({ services }) => services.map((service) => service.stop())));
    },
  };
}

export interface Services {
  databaseUrl: string;
  /** One Redis, or a primary of the beginning. */
  redisUrl: string;
  /** How the application is told where Redis is, if not by that URL. */
  redisEnv?: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const REDIS_KINDS = ['one', 'sentinel', 'cluster'] as const;
/** One server; a primary with two replicas and three Sentinels; or three primaries with a replica each. */
export type RedisKind = (typeof REDIS_KINDS)[number];

/** What the application always needs: a Postgres and a Redis. */
export const startServices = (redis: RedisKind = 'one'): Promise<Services> => START[redis]();

const START: Readonly<Record<RedisKind, () => Promise<Services>>> = {
  one: async () => {
    const { env, stop } = await startLockServers(['postgres', 'redis']);
    return { databaseUrl: env.DATABASE_URL, redisUrl: env.REDIS_URL, stop };
  },
  sentinel: async () => {
    const [redis, { env, stop }] = await Promise.all([startSafeRedis(), startLockServers(['postgres'])]);
    return {
      databaseUrl: env.DATABASE_URL,
      redisUrl: redis.primary.url,
      // An order is accepted once what takes over from the primary has it.
      redisEnv: { ...redis.env, ACCEPT_REPLICAS: '1' },
      stop: async () => void (await Promise.all([stopReplicatedRedis(redis), stop()])),
    };
  },
  cluster: async () => {
    const [redis, { env, stop }] = await Promise.all([startSafeCluster(), startLockServers(['postgres'])]);
    return {
      databaseUrl: env.DATABASE_URL,
      redisUrl: redis.primaries[0]!.url,
      redisEnv: { ...redis.env, ACCEPT_REPLICAS: '1' },
      stop: async () => void (await Promise.all([stopRedisCluster(redis), stop()])),
    };
  },
};
