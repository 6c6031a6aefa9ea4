import type { LockDriverName } from '../../../src/index.js';
import { cassandraStore } from './cassandra.js';
import { consulStore } from './consul.js';
import { etcdStore } from './etcd.js';
import { mysqlGetLockStore, mysqlKeyLeaseStore, mysqlKeyStore } from './mysql.js';
import { postgresStore } from './postgres.js';
import { noStore, redisStore } from './redis.js';
import { redlockStore } from './redlock.js';
import type { Store } from './store.js';
import { zookeeperStore } from './zookeeper.js';

/** Starts the real server of each driver. */
export const STORES: Record<LockDriverName, () => Promise<Store>> = {
  'local-mutex': noStore,
  'redis-setnx': redisStore,
  redis: redisStore,
  redlock: redlockStore,
  etcd: etcdStore,
  zookeeper: zookeeperStore,
  consul: consulStore,
  cassandra: cassandraStore,
  'mysql-key': mysqlKeyStore,
  'mysql-key-lease': mysqlKeyLeaseStore,
  'mysql-get-lock': mysqlGetLockStore,
  'postgres-advisory': postgresStore,
};
