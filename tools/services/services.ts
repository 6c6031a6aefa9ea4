import type { LockBackends } from '@app/lock';
import { provideConsul } from '../setup/consul.js';
import { provideEtcd } from '../setup/etcd.js';
import { meetAll } from '../setup/meet-need.js';
import { provideMysql } from '../setup/mysql.js';
import { providePostgres } from '../setup/postgres.js';
import { provideRedis, provideRedlock } from '../setup/redis.js';
import { provideZookeeper } from '../setup/zookeeper.js';
import { startConsul } from './consul.js';
import { startEtcd } from './etcd.js';
import { startMysql } from './mysql.js';
import { startPostgres } from './postgres.js';
import { startRedis, startRedlockServers } from './redis.js';
import type { Service } from './service.js';
import { startZookeeper } from './zookeeper.js';

interface Backend {
  /** How the application learns where it is. */
  variable: string;
  provide: () => Promise<unknown>;
  start: () => Promise<Service | Service[]>;
}

/** The servers that the application, or a lock driver, may need. */
const BACKENDS = {
  postgres: { variable: 'DATABASE_URL', provide: providePostgres, start: startPostgres },
  redis: { variable: 'REDIS_URL', provide: provideRedis, start: startRedis },
  redlock: { variable: 'REDLOCK_URLS', provide: provideRedlock, start: startRedlockServers },
  etcd: { variable: 'ETCD_URLS', provide: provideEtcd, start: startEtcd },
  zookeeper: { variable: 'ZOOKEEPER_HOSTS', provide: provideZookeeper, start: startZookeeper },
  consul: { variable: 'CONSUL_URL', provide: provideConsul, start: startConsul },
  mysql: { variable: 'MYSQL_URL', provide: provideMysql, start: startMysql },
} as const satisfies Record<keyof LockBackends, Backend>;

export type BackendName = keyof typeof BACKENDS;
export const BACKEND_NAMES = Object.keys(BACKENDS) as BackendName[];

/** Provides these servers, which may take minutes where one has to be installed, and starts none. */
export const provideServers = (names: readonly BackendName[]) =>
  meetAll(...names.map((name) => BACKENDS[name].provide));

/** Starts these servers side by side. Whatever ends this process ends them too. */
export async function startLockServers<Name extends BackendName>(names: readonly Name[]) {
  await provideServers(names);
  const started = await Promise.all(
    names.map(async (name) => ({ name, services: [await BACKENDS[name].start()].flat() })),
  );
  return {
    /** Their URLs, by the variables of the application. */
    env: Object.fromEntries(
      started.map(({ name, services }) => [
        BACKENDS[name].variable,
        services.map(({ url }) => url).join(','),
      ]),
    ) as Record<(typeof BACKENDS)[Name]['variable'], string>,
    stop: async (): Promise<void> => {
      await Promise.all(started.flatMap(({ services }) => services.map((service) => service.stop())));
    },
  };
}

export interface Services {
  databaseUrl: string;
  redisUrl: string;
  stop(): Promise<void>;
}

/** What the application always needs: a Postgres and a Redis. */
export async function startServices(): Promise<Services> {
  const { env, stop } = await startLockServers(['postgres', 'redis']);
  return { databaseUrl: env.DATABASE_URL, redisUrl: env.REDIS_URL, stop };
}
