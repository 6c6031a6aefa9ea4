import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import zookeeper from 'node-zookeeper-client';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockServersOfDrivers, parseLockServers, type LockServer } from '../stack/lock-servers.js';
import { onCassandra, startCassandra } from './cassandra.js';
import { startConsul } from './consul.js';
import { startEtcd } from './etcd.js';
import { startMysql } from './mysql.js';
import { startPrivateRedis } from './redis.js';
import type { Service } from './service.js';
import { startZookeeper } from './zookeeper.js';

interface Store {
  start: () => Promise<Service>;
  write: (url: string, value: string) => Promise<unknown>;
  read: (url: string) => Promise<string>;
}

/** How a value is kept in each store, by the shortest path. */
const stores: Record<LockServer, Store> = {
  redlock: {
    start: () => startPrivateRedis('always'),
    write: (url, value) => onRedis(url, (redis) => redis.set('key', value)),
    read: (url) => onRedis(url, async (redis) => String(await redis.get('key'))),
  },
  etcd: {
    start: startEtcd,
    write: (url, value) => etcd(url, 'put', { value: btoa(value) }),
    read: async (url) => atob((await etcd(url, 'range')).kvs![0]!.value),
  },
  zookeeper: {
    start: startZookeeper,
    write: (url, value) =>
      onZookeeper<string>(url, (client, done) => client.create('/key', Buffer.from(value), done)),
    read: async (url) =>
      String(await onZookeeper<Buffer>(url, (client, done) => client.getData('/key', done))),
  },
  consul: {
    start: startConsul,
    write: (url, value) => request(`${url}/v1/kv/key`, { method: 'PUT', body: value }),
    read: (url) => request(`${url}/v1/kv/key?raw`),
  },
  cassandra: {
    start: startCassandra,
    write: async (url, value) => {
      await onCassandra(
        url,
        `CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
      );
      await onCassandra(url, 'CREATE TABLE kept.kept (key int PRIMARY KEY, value text)');
      await onCassandra(url, `INSERT INTO kept.kept (key, value) VALUES (1, '${value}')`);
    },
    read: async (url) => String((await onCassandra(url, 'SELECT value FROM kept.kept'))[0]!.value),
  },
  mysql: {
    start: startMysql,
    write: (url, value) => onMysql(url, `CREATE TABLE kept AS SELECT '${value}' AS value`),
    read: async (url) => String((await onMysql(url, 'SELECT value FROM kept'))[0]!.value),
  },
};

const drivers = process.env.CONFORMANCE_DRIVERS;
const chosen = drivers ? lockServersOfDrivers(drivers.split(',')) : parseLockServers('all');

describe.each(chosen)('%s', (name) => {
  const { start, write, read } = stores[name];
  let server: Service;
  beforeAll(async () => {
    server = await start();
    await write(server.url, 'value');
  });
  afterAll(() => server.stop());

  it('comes back from a crash with its data', async () => {
    await server.kill();
    await expect(read(server.url)).rejects.toBeInstanceOf(Error);
    await server.start();
    expect(await read(server.url)).toBe('value');
  });

  it('comes back from a stop with its data', async () => {
    await server.stop();
    await server.start();
    expect(await read(server.url)).toBe('value');
  });
});

async function request(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000), ...init });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${body}`);
  return body;
}

async function etcd(url: string, call: string, more: object = {}) {
  const body = JSON.stringify({ key: btoa('key'), ...more });
  return JSON.parse(await request(`${url}/v3/kv/${call}`, { method: 'POST', body })) as {
    kvs?: { value: string }[];
  };
}

async function onRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on('error', () => {}); // told by the command
  return work(redis).finally(() => redis.disconnect());
}

async function onMysql(url: string, sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(url);
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0];
  } finally {
    connection.destroy();
  }
}

type Done<T> = (error: Error | zookeeper.Exception | null, value: T) => void;

async function onZookeeper<T>(
  url: string,
  work: (client: zookeeper.Client, done: Done<T>) => void,
): Promise<T> {
  const client = zookeeper.createClient(url);
  try {
    client.connect();
    await once(client, 'connected', { signal: AbortSignal.timeout(5_000) });
    return await new Promise<T>((resolve, reject) => {
      work(client, (error, value) => (error ? reject(new Error(String(error))) : resolve(value)));
    });
  } finally {
    client.close();
  }
}
