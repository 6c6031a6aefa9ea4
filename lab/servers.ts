import { LOCK_SERVER_VARIABLES } from '@app/config';
import type { LockBackends } from '@app/lock';
import { Redis } from 'ioredis';

export type Backend = keyof LockBackends;
/** The URL, or the URLs with commas between them, of each server that is there, as their variables name them. */
export type Servers = Readonly<Partial<Record<Backend, string>>>;

export const BACKENDS = Object.keys(LOCK_SERVER_VARIABLES) as Backend[];

export const serversIn = (env: NodeJS.ProcessEnv): Servers =>
  Object.fromEntries(BACKENDS.map((name) => [name, env[LOCK_SERVER_VARIABLES[name]]]));

export type Backends = LockBackends & { readonly redis?: Redis };

/** As the lock library takes them. */
export function backendsOf({ redis, redlock, etcd, ...others }: Servers): Backends {
  return {
    ...others,
    redis: redis ? redisAt(redis) : undefined,
    redlock: redlock?.split(','),
    etcd: etcd?.split(','),
  };
}

/** At `redis-sentinel://:<password>@<host>:<port>#<group>` it is whichever server the Sentinel calls the group's primary. */
function redisAt(url: string): Redis {
  const { protocol, hostname: host, port, password, hash } = new URL(url);
  if (protocol !== 'redis-sentinel:') return new Redis(url, { lazyConnect: true });
  const sentinels = [{ host, port: Number(port) }];
  return new Redis({ sentinels, name: hash.slice(1), password, lazyConnect: true });
}
