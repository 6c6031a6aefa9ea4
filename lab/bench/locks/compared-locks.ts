import { backendOf, LOCK_DRIVER_NAMES } from '@app/lock';
import type { Backend } from '../../servers.js';
import { PUBLISHED } from '../../libraries/published/index.js';
import { openDriver } from './driver.js';
import { openPublished } from './library.js';
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

/** Published libraries, each by the first way that its README shows. Who has a lock that does not wait tries again. */
const ways = Object.entries(PUBLISHED);
const LIBRARIES: readonly ComparedLock[] = ways
  .filter(([, way], i) => ways.findIndex(([, other]) => other.package === way.package) === i)
  .map(([name, way]) => ({ name, backend: way.store, open: (subject) => openPublished(way, subject) }));

/** Each loads its client library only where it is used: many short-lived processes open one lock each. */
const etcd = () => import('./recipes/etcd.js');
const zookeeper = () => import('./recipes/zookeeper.js');
const consul = () => import('./recipes/consul.js');
const postgres = () => import('./recipes/postgres.js');

/** Bare: as short as the store's recipe can be written with the same client library; a lost message would hang it. */
const RECIPES: readonly ComparedLock[] = [
  {
    name: 'bare pg_advisory_lock',
    backend: 'postgres',
    open: async (subject) => (await postgres()).openPgAdvisoryLock(subject),
  },
  {
    name: 'bare etcd recipe',
    backend: 'etcd',
    open: async (subject) => (await etcd()).openEtcdRecipe(subject),
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

export const COMPARED_LOCKS = [...OWN, ...LIBRARIES, ...RECIPES];
export const LOCKS_IN_DEAD_TIME = [...OWN, WITHOUT_TAKEOVER, ...LIBRARIES, ...RECIPES];

export const lockNamed = (name: string): ComparedLock =>
  LOCKS_IN_DEAD_TIME.find((contender) => contender.name === name)!;

/** Whether one is meant by these names, of contenders or of their stores; by no name all are. */
export const isMeant = ({ name, backend }: ComparedLock, only: readonly string[]): boolean =>
  only.length === 0 || only.includes(name) || only.includes(backend);
