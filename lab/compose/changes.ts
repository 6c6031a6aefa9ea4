import type { Compose } from './compose.js';

/** How many of each there are before and after. */
const USUAL = { API_REPLICAS: '2', WORKER_REPLICAS: '4' };
const MORE = { API_REPLICAS: '4', WORKER_REPLICAS: '8' };

/** They start what they need. */
const SERVICES = ['lb', 'worker'];
const LOCK_SERVERS = [1, 2, 3, 4, 5]
  .map((n) => `redlock-${n}`)
  .concat('etcd', 'zookeeper', 'consul', 'cassandra', 'mariadb');
/** A strategy for each kind of lock server. */
export const LOCKING_ELSEWHERE = ['redlock', 'etcd', 'zookeeper', 'consul', 'cassandra', 'mysql-key-lease'];

/** Brings the stack to what it should be: starts what is missing, ends what is too much. */
export const up = async (compose: Compose, replicas = USUAL): Promise<void> =>
  void (await compose.run(['up', '--wait', '--no-build', ...SERVICES], replicas));

export const upLocks = async (compose: Compose): Promise<void> =>
  void (await compose.run(['--profile', 'locks', 'up', '--wait', '--no-build', ...LOCK_SERVERS]));

/** What happens to the application while buyers buy. None of them may notice. */
export const UNNOTICED: Readonly<Record<string, (compose: Compose) => Promise<void>>> = {
  'scaled out to 4 API replicas and 8 workers': (compose) => up(compose, MORE),
  'scaled in to 2 and 4': (compose) => up(compose),
  'a worker stopped': (compose) => compose.end('stop', 'worker'),
  'a worker killed': (compose) => compose.end('kill', 'worker'),
  'an API replica stopped': (compose) => compose.end('stop', 'api'),
  'an API replica killed': (compose) => compose.end('kill', 'api'),
};

const killed = (service: string) => async (compose: Compose) => {
  await compose.end('kill', service);
  await up(compose);
};

/** What stops everybody: buyers hear 503 until it is back, and try again. */
export const OUTAGES: Readonly<Record<string, (compose: Compose) => Promise<void>>> = {
  'Redis killed': killed('redis'),
  'Postgres killed': killed('postgres'),
};
