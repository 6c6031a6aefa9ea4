import { Redis } from 'ioredis';
import {
  createLockDriver,
  type LockBackends,
  type LockDriver,
  type LockDriverName,
} from '../../src/index.js';
import { openPlanted } from './planted-driver.js';

/** The servers of a driver as plain data, so that another process can be told them. */
export type BackendUrls = Omit<LockBackends, 'redis'> & { readonly redis?: string };

/** A driver of the library, or one of the deliberately broken ones. */
export async function openDriver(name: string, { redis, ...others }: BackendUrls): Promise<LockDriver> {
  const connection = redis ? new Redis(redis, { lazyConnect: true }) : undefined;
  connection?.on('error', () => undefined);
  return (
    openPlanted(name, connection) ??
    createLockDriver(name as LockDriverName, { ...others, redis: connection })
  );
}
