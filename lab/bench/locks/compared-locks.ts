import { backendOf, LOCK_DRIVER_NAMES } from '@app/lock';
import type { Backend } from '../../servers.js';
import { openDriver } from './driver.js';
import type { Locker, Subject } from './locker.js';

/** One way to lock, as the benchmarks compare them. */
export interface ComparedLock {
  readonly name: string;
  readonly backend: Backend;
  open(subject: Subject): Promise<Locker>;
}

/** The drivers that keep processes apart, not only callers. */
const OWN: readonly ComparedLock[] = LOCK_DRIVER_NAMES.flatMap((name) => {
  const backend = backendOf(name);
  return backend ? { name, backend, open: (subject) => openDriver(name, subject) } : [];
});

/** Each loads its client library only where it is used: many short-lived processes open one lock each. */
const peers = () => import('./peers.js');
const etcd = () => import('./recipes/etcd.js');
const zookeeper = () => import('./recipes/zookeeper.js');
const consul = () => import('./recipes/consul.js');

/** Bare: as short as the store's recipe can be written with the same client library; a lost message would hang it. */
const PEERS: readonly ComparedLock[] = [
  {
    name: '@sesamecare-oss/redlock',
    backend: 'redis',
    open: async (subject) => (await peers()).openRedlock(subject),
  },
  {
    name: 'redis-semaphore',
    backend: 'redis',
    open: async (subject) => (await peers()).openRedisSemaphore(subject),
  },
  {
    name: 'bare pg_advisory_lock',
    backend: 'postgres',
    open: async (subject) => (await peers()).openPgAdvisoryLock(subject),
  },
  {
    name: 'bare etcd recipe',
    backend: 'etcd',
    open: async (subject) => (await etcd()).openEtcdRecipe(subject),
  },
  {
    name: "etcd3's lock() retried",
    backend: 'etcd',
    open: async (subject) => (await etcd()).openEtcdLock(subject),
  },
  {
    name: 'bare ZooKeeper recipe',
    backend: 'zookeeper',
    open: async (subject) => (await zookeeper()).openZookeeperRecipe(subject),
  },
  {
    name: 'bare Consul recipe',
    backend: 'consul',
    open: async (subject) => (await consul()).openConsulRecipe(subject),
  },
];

/** Early takeover needs fenced writes; this is what the same lock does for those who have none. */
const WITHOUT_TAKEOVER: ComparedLock = {
  name: 'redis, no early takeover',
  backend: 'redis',
  open: (subject) => openDriver('redis', subject, false),
};

export const COMPARED_LOCKS = [...OWN, ...PEERS];
export const LOCKS_IN_DEAD_TIME = [...OWN, WITHOUT_TAKEOVER, ...PEERS];

export const lockNamed = (name: string): ComparedLock =>
  LOCKS_IN_DEAD_TIME.find((contender) => contender.name === name)!;

/** Whether one is meant by these names, of contenders or of their stores; by no name all are. */
export const isMeant = ({ name, backend }: ComparedLock, only: readonly string[]): boolean =>
  only.length === 0 || only.includes(name) || only.includes(backend);
