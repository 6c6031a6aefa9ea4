import { LOCK_SERVER_VARIABLES } from '@app/config';
import type { LockBackends } from '@app/lock';
import { Redis } from 'ioredis';

export type Backend = keyof LockBackends;
/** The URL, or the URLs with commas between them, of each server that is there, as their variables name them. */
export type Servers = Readonly<Partial<Record<Backend, string>>>;

export const BACKENDS = Object.keys(LOCK_SERVER_VARIABLES) as Backend[];

export const serversIn = (env: NodeJS.ProcessEnv): Servers =>
  Object.fromEntries(BACKENDS.map((name) => [name, env[LOCK_SERVER_VARIABLES[name]]]));

/** As the lock library takes them. */
export function backendsOf({ redis, redlock, etcd, ...others }: Servers): LockBackends {
  return {
    ...others,
    redis: redis ? new Redis(redis, { lazyConnect: true }) : undefined,
    redlock: redlock?.split(','),
    etcd: etcd?.split(','),
  };
}
