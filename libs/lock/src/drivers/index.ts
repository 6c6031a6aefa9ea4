import type { RedisConnection } from '../connections/redis-shards.js';
import type { LockDriver } from '../contract.js';
import { LockDriverUnknownError } from '../errors.js';
import { SharedTurns } from '../turns/shared-turns.js';
import { overShards } from './redis/over-shards.js';

/** The servers that drivers may need; each driver takes connections of its own. A driver without its server is not usable. */
export interface LockBackends {
  readonly redis?: RedisConnection;
  /** URLs of independent Redis servers, an odd number of them. */
  readonly redlock?: readonly string[];
  /** URLs of the members of one etcd cluster; `http://user:password@host:port` where it has authentication. */
  readonly etcd?: readonly string[];
  /** The members of one ZooKeeper ensemble: `host:port,host:port`; in front `user:password@` for the scheme `digest`. */
  readonly zookeeper?: string;
  /** URL of a Consul agent's HTTP API; `http://:token@host:port` where it has ACLs. */
  readonly consul?: string;
  /** Nodes of one Cassandra cluster: `host:port,host:port`; in front `user:password@` where it wants to know who asks. */
  readonly cassandra?: string;
  /** URL of a MySQL or MariaDB database: `mysql://user:password@host:port/database`. */
  readonly mysql?: string;
  /** URL of a Postgres database. Sessions are locks there: not through a pooler in transaction mode. */
  readonly postgres?: string;
}

type Factory = (backends: Required<LockBackends>) => Promise<LockDriver>;

interface DriverEntry {
  /** The server it needs, if it needs one. */
  readonly needs?: keyof LockBackends;
  /** Loads the driver, and the client library of its store, only when somebody uses it. */
  readonly open: Factory;
}

/** The queues of these stores are for processes. */
const sharing = (...[driver]: ConstructorParameters<typeof SharedTurns>) => new SharedTurns(driver);

/** Keeps the names, and nothing of what the drivers are made of: the package's types need no client library but that of Redis. */
const named = <Name extends string>(drivers: Readonly<Record<Name, DriverEntry>>) => drivers;

const DRIVERS = named({
  'local-mutex': {
    open: async () => new (await import('./local-mutex/local-mutex.driver.js')).LocalMutexDriver(),
  },
  'redis-setnx': {
    needs: 'redis',
    open: async ({ redis }) => {
      const { RedisSetnxDriver } = await import('./redis-setnx/redis-setnx.driver.js');
      return overShards(redis, (shard, prefix) => new RedisSetnxDriver(shard, `${prefix}lock`));
    },
  },
  redis: {
    needs: 'redis',
    open: async ({ redis }) => {
      const { RedisDriver } = await import('./redis/redis.driver.js');
      return overShards(redis, (shard, prefix) => new RedisDriver(shard, 1, `${prefix}lock`));
    },
  },
  redlock: {
    needs: 'redlock',
    open: async ({ redlock }) => new (await import('./redlock/redlock.driver.js')).RedlockDriver(redlock),
  },
  etcd: {
    needs: 'etcd',
    open: async ({ etcd }) => sharing(new (await import('./etcd/etcd.driver.js')).EtcdDriver(etcd)),
  },
  zookeeper: {
    needs: 'zookeeper',
    open: async ({ zookeeper }) =>
      sharing(new (await import('./zookeeper/zookeeper.driver.js')).ZookeeperDriver(zookeeper)),
  },
  consul: {
    needs: 'consul',
    open: async ({ consul }) => sharing(new (await import('./consul/consul.driver.js')).ConsulDriver(consul)),
  },
  cassandra: {
    needs: 'cassandra',
    open: async ({ cassandra }) =>
      new (await import('./cassandra/cassandra.driver.js')).CassandraDriver(cassandra),
  },
  'mysql-key': {
    needs: 'mysql',
    open: async ({ mysql }) => new (await import('./mysql-key/mysql-key.driver.js')).MysqlKeyDriver(mysql),
  },
  'mysql-key-lease': {
    needs: 'mysql',
    open: async ({ mysql }) =>
      new (await import('./mysql-key-lease/mysql-key-lease.driver.js')).MysqlKeyLeaseDriver(mysql),
  },
  'mysql-get-lock': {
    needs: 'mysql',
    open: async ({ mysql }) =>
      new (await import('./mysql-get-lock/mysql-get-lock.driver.js')).MysqlGetLockDriver(mysql),
  },
  'postgres-advisory': {
    needs: 'postgres',
    open: async ({ postgres }) =>
      new (await import('./postgres-advisory/postgres-advisory.driver.js')).PostgresAdvisoryDriver(postgres),
  },
});

export type LockDriverName = keyof typeof DRIVERS;
export const LOCK_DRIVER_NAMES = Object.keys(DRIVERS) as LockDriverName[];

/** The server that a driver needs, if it needs one. */
export const backendOf = (name: LockDriverName): keyof LockBackends | undefined => DRIVERS[name].needs;

/**
 * Connects lazily: a store that does not answer is told by the first `acquire`.
 *
 * @throws {LockDriverUnknownError} never falls back to another driver, let alone to none
 */
export async function createLockDriver(name: LockDriverName, backends: LockBackends): Promise<LockDriver> {
  if (!Object.hasOwn(DRIVERS, name)) {
    throw new LockDriverUnknownError(name, `there is ${LOCK_DRIVER_NAMES.join(', ')}`);
  }
  const { needs, open } = DRIVERS[name];
  if (needs && !backends[needs]) throw new LockDriverUnknownError(name, `no ${needs} server is configured`);
  return open(backends as Required<LockBackends>);
}
