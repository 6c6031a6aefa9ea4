import { createHash } from 'node:crypto';
import { Redlock } from '@sesamecare-oss/redlock';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Mutex } from 'redis-semaphore';
import type { Locker, Subject } from './locker.js';

/** With its own settings, but for trying as long as it takes. */
export async function openRedlock({ servers, resource, ttl }: Subject): Promise<Locker> {
  const redis = new Redis(servers.redis!);
  const redlock = new Redlock([redis], { retryCount: -1 });
  return {
    run: async (work) => {
      const lock = await redlock.acquire([resource], ttl);
      await work();
      await lock.release();
    },
    close: () => redis.quit(),
  };
}

/** With its own settings, but for trying as long as it takes. */
export async function openRedisSemaphore({ servers, resource, ttl }: Subject): Promise<Locker> {
  const redis = new Redis(servers.redis!);
  return {
    run: async (work, signal) => {
      const mutex = new Mutex(redis, resource, { lockTimeout: ttl, acquireTimeout: Infinity });
      await mutex.acquire(signal);
      await work();
      await mutex.release();
    },
    close: () => redis.quit(),
  };
}

/** A session-level lock on a connection of a pool that is as large as there are callers. */
export async function openPgAdvisoryLock({ servers, resource }: Subject): Promise<Locker> {
  const pool = new pg.Pool({ connectionString: servers.postgres, max: 100, idleTimeoutMillis: 0 });
  pool.on('error', () => undefined);
  const key = createHash('sha256').update(resource).digest().readBigInt64BE().toString();
  return {
    run: async (work) => {
      const client = await pool.connect();
      await client.query('SELECT pg_advisory_lock($1)', [key]);
      await work();
      await client.query('SELECT pg_advisory_unlock($1)', [key]);
      client.release();
    },
    close: () => pool.end(),
  };
}
