import type { Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import type { Open, OpenLock } from '../adapter.js';
import { clientOf } from './clients.js';

function open(url: string, acquire: (redis: Redis) => OpenLock['acquire']): OpenLock {
  const { client, close } = clientOf(url);
  return { acquire: acquire(client), close };
}

/** `new Mutex(redis, key)`; whose lock is lost, it throws where nobody can catch it. */
export const openMutex: Open = (url) =>
  open(url, (redis) => async (resource, { ttl: lockTimeout, wait: acquireTimeout, signal }) => {
    const mutex = new Mutex(redis, resource, { lockTimeout, acquireTimeout });
    await mutex.acquire(signal);
    return { release: () => mutex.release() };
  });

/** With `onLockLost`, and `isAcquired` asked before the write. */
export const openMutexWithOnLockLost: Open = (url) =>
  open(url, (redis) => async (resource, { ttl: lockTimeout, wait: acquireTimeout, signal }) => {
    const lost = new AbortController();
    const onLockLost = (error: Error) => lost.abort(error);
    const mutex = new Mutex(redis, resource, { lockTimeout, acquireTimeout, onLockLost });
    await mutex.acquire(signal);
    return { lost: lost.signal, isLost: () => !mutex.isAcquired, release: () => mutex.release() };
  });
