import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startPrivatePostgres } from './postgres.js';
import { startPrivateRedis, startRedis, startRedlockServers } from './redis.js';
import type { Service } from './service.js';

const started: Service[] = [];
afterAll(() => Promise.all(started.map((server) => server.stop())));

async function begin(starting: Promise<Service>): Promise<Service> {
  const server = await starting;
  started.push(server);
  return server;
}

async function onRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on('error', () => {}); // told by the command
  return work(redis).finally(() => redis.disconnect());
}

/** A backend that only computes does not notice that its postmaster has died, and keeps a new one from starting. */
const BUSY = `DO $$ BEGIN WHILE clock_timestamp() < now() + interval '30 s' LOOP END LOOP; END $$`;
const ACTIVE = `SELECT FROM pg_stat_activity WHERE state = 'active' AND usename = current_user`;

async function onPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => {}); // told by the query
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('a server that this run started', () => {
  it('comes back from a crash with its data: Redis', async () => {
    const server = await begin(startPrivateRedis('always'));
    await onRedis(server.url, (redis) => redis.set('key', 'value'));
    await server.kill();
    await expect(onRedis(server.url, (redis) => redis.get('key'))).rejects.toBeInstanceOf(Error);
    await server.start();
    expect(await onRedis(server.url, (redis) => redis.get('key'))).toBe('value');
  });

  it('comes back from a crash at once, whatever its children were busy with: Postgres', async () => {
    const server = await begin(startPrivatePostgres());
    await onPostgres(server.url, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS value'));
    const busy = onPostgres(server.url, (client) => client.query(BUSY));
    const running = () => onPostgres(server.url, (client) => client.query(ACTIVE));
    await expect.poll(running, { message: 'the busy query runs' }).toMatchObject({ rowCount: 2 });
    await Promise.all([expect(busy).rejects.toBeInstanceOf(Error), server.kill()]);
    await server.start();
    const { rows } = await onPostgres(server.url, (client) => client.query('SELECT value FROM kept'));
    expect(rows).toEqual([{ value: 1 }]);
  });
});

describe('a server that the environment names', () => {
  it('is used as it is, and is nobody else’s to end', async () => {
    const own = await begin(startPrivateRedis());
    vi.stubEnv('REDIS_URL', own.url);
    const named = await startRedis();
    expect(named.url).toBe(own.url);
    await expect(named.kill()).rejects.toThrow('REDIS_URL names a server that somebody else runs');
    await named.stop();
    expect(await onRedis(own.url, (redis) => redis.ping())).toBe('PONG');
  });

  it('does not keep anybody from starting a private one', async () => {
    const named = await begin(startPrivateRedis());
    vi.stubEnv('REDIS_URL', named.url);
    expect((await begin(startPrivateRedis())).url).not.toBe(named.url);
  });

  it('may be several', async () => {
    const own = await Promise.all([1, 2, 3].map(() => begin(startPrivateRedis())));
    vi.stubEnv('REDLOCK_URLS', own.map(({ url }) => url).join(','));
    const named = await startRedlockServers();
    expect(named.map(({ url }) => url)).toEqual(own.map(({ url }) => url));
  });
});
