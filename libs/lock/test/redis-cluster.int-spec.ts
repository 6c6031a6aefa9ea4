import { openShards } from '@app/servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLockDriver, Lock, LockLostError, type LockDriver } from '../src/index.js';
import { RedisCluster } from './support/redis-cluster.js';

let cluster: RedisCluster;
const drivers: LockDriver[] = [];
beforeAll(async () => {
  cluster = await RedisCluster.start();
});
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  await cluster.stop();
});

const open = async () => {
  const driver = await createLockDriver('redis', { redis: cluster.connection });
  drivers.push(driver);
  return driver;
};
const options = { ttl: 5_000, wait: 10_000 };

it('locks, hands over and fences on every node of a Redis Cluster', async () => {
  const locks = await Promise.all([open(), open(), open()].map(async (driver) => new Lock(await driver)));
  const resources = Array.from({ length: 12 }, (_, i) => `cluster:${i}`); // their slots lie on all three nodes
  await Promise.all(
    resources.map(async (resource) => {
      const tokens: bigint[] = [];
      let inside = 0;
      const work = async ({ token }: { token?: bigint }) => {
        expect(++inside).toBe(1);
        tokens.push(token!);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside--;
      };
      await Promise.all(
        Array.from({ length: 12 }, (_, i) => locks[i % 3]!.withLock(resource, options, work)),
      );
      expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
    }),
  );
});

it('has a dead waiter cost its claim, and a dead holder its TTL: listeners are counted per node', async () => {
  const resource = 'cluster:crash';
  const holder = await open();
  const grant = await holder.acquire(resource, { ttl: 60_000, signal: new AbortController().signal });
  const doomed = await open();
  doomed.acquire(resource, { ttl: 60_000, signal: new AbortController().signal }).catch(() => undefined);
  const queue = `lock:{${resource}}:queue`;
  await expect.poll(() => cluster.connection.llen(queue)).toBe(1);
  await doomed.close();
  const next = new Lock(await open()).withLock(
    resource,
    { ...options, earlyTakeover: true },
    async () => 'in',
  );
  await expect.poll(() => cluster.connection.llen(queue)).toBe(2);
  await grant.release();
  expect(await next).toBe('in');
});

it('is one lock of one Redis in each shard: what listens to it is counted, so a dead holder is taken over from before its TTL', async () => {
  const nodes = cluster.nodes.primaries.map(({ url }) => ({
    host: '127.0.0.1',
    port: Number(new URL(url).port),
  }));
  const password = cluster.nodes.env.REDIS_PASSWORD!;
  const servers = { kind: 'cluster', nodes, password, tls: false, shards: 3 } as const;
  const redis = openShards(servers, { name: 'test', patience: 'work' }, { warn: () => undefined });
  const opened = await Promise.all([1, 2].map(() => createLockDriver('redis', { redis })));
  drivers.push(...opened);
  const [doomed, other] = opened as [LockDriver, LockDriver];
  const resources = Array.from({ length: 12 }, (_, i) => `sharded:${i}`);
  const taken = resources.map(async (resource) => {
    const signal = new AbortController().signal;
    await doomed.acquire(resource, { ttl: 600_000, earlyTakeover: true, signal });
    const { prefix, redis: shard } = redis.of(resource);
    expect(await shard.exists(`${prefix}lock:{${resource}}`)).toBe(1);
  });
  await Promise.all(taken);
  await doomed.close();
  const next = resources.map((resource) =>
    new Lock(other).withLock(
      resource,
      { ttl: 600_000, wait: 30_000, earlyTakeover: true },
      async () => resource,
    ),
  );
  expect(await Promise.all(next)).toEqual(resources);
  redis.disconnect();
}, 60_000);

it('tells the holder that its key was deleted', async () => {
  const resource = 'cluster:deleted';
  const work = new Lock(await open()).withLock(resource, { ttl: 300, wait: 1_000 }, async ({ signal }) => {
    await cluster.connection.del(`lock:{${resource}}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  await expect(work).rejects.toBeInstanceOf(LockLostError);
});

it.each(['redis', 'redis-setnx'] as const)(
  '%s says what to do to a client that takes a server in cluster mode for a single one',
  async (name) => {
    const redis = new Redis(cluster.nodes.primaries[0]!.url, { lazyConnect: true });
    const driver = await createLockDriver(name, { redis });
    drivers.push(driver);
    const asking = Array.from({ length: 12 }, (_, i) =>
      new Lock(driver)
        .withLock(`cluster:${i}`, options, async () => undefined)
        .catch((error: unknown) => error),
    );
    const answers = await Promise.all(asking); // its own third of the slots it would serve
    const denied = expect.objectContaining({
      code: 'LOCK_DENIED',
      message: expect.stringContaining('not in cluster mode') as string,
    }) as unknown;
    expect(answers).toContainEqual(denied);
    redis.disconnect();
  },
);
