import { TcpProxy } from '@app/testing';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  promoted,
  startReplicatedRedis,
  stopReplicatedRedis,
  type ReplicatedRedis,
} from '../../../local/services/redis-sentinel.js';
import { askRedis } from '../../../local/services/redis.js';
import { openRedis, probeRedis, probeReplicas, reachable, readyRedis } from '../src/index.js';
import type { RedisServers } from '../src/index.js';

/** Milliseconds within which a connection must be usable again. */
const SOON = { timeout: 30_000, interval: 50 };

let store: ReplicatedRedis;
let relays: TcpProxy[];
let lines: string[];
let opened: Redis[];
const log = { warn: (_: object, message: string) => void lines.push(message) };

beforeAll(async () => {
  store = await startReplicatedRedis(1, { sentinels: 2 });
}, 60_000);
afterAll(() => stopReplicatedRedis(store));
beforeEach(async () => {
  relays = await Promise.all(store.sentinels.map(({ url }) => TcpProxy.before(url)));
  lines = [];
  opened = [];
});
afterEach(async () => {
  for (const redis of opened) redis.disconnect();
  await Promise.all(relays.map((relay) => relay.close()));
});

const servers = (change: Partial<RedisServers & { kind: 'sentinel' }> = {}) =>
  ({
    kind: 'sentinel',
    sentinels: relays.map(({ port }) => ({ host: '127.0.0.1', port })),
    name: store.env.REDIS_SENTINEL_NAME!,
    password: store.env.REDIS_PASSWORD!,
    tls: false,
    ...change,
  }) as const;

function open(patience: 'requests' | 'work'): Redis {
  const redis = openRedis(servers(), { name: 'test', patience }, log);
  opened.push(redis);
  return redis;
}

describe('a Sentinel that does not tell', () => {
  it.each([
    ['is silent', (relay: TcpProxy) => relay.blackhole()],
    ['refuses connections', (relay: TcpProxy) => relay.cut()],
  ])('and %s is passed over', async (_, trouble) => {
    trouble(relays[0]!);
    const redis = await readyRedis(open('requests'));
    expect(await redis.set('a', '1')).toBe('OK');
    await reachable({ Redis: servers() }, log);
    expect(lines).toEqual([]);
  });

  it('is asked again, when none does: requests fail soon meanwhile, and work waits', async () => {
    for (const relay of relays) relay.cut();
    const [requests, work] = [open('requests'), open('work')];
    const kept = work.set('a', '2');
    await expect(requests.get('a')).rejects.toBeInstanceOf(Error);
    await expect(probeRedis(requests)).rejects.toThrow('does not answer');
    await vi.waitFor(() => expect(lines).toContain('Redis does not answer'), SOON);
    for (const relay of relays) relay.heal();
    expect(await kept).toBe('OK');
    await vi.waitFor(() => requests.get('a'), SOON);
  }, 60_000);
});

it('comes back though somebody wants a new connection while the Sentinels are asked', async () => {
  const redis = await readyRedis(open('work'));
  for (const relay of relays) relay.blackhole();
  redis.disconnect(true);
  await vi.waitFor(() => expect(redis.status).toBe('connecting'), SOON);
  redis.disconnect(true);
  for (const relay of relays) relay.heal();
  expect(await redis.set('a', '3')).toBe('OK');
}, 60_000);

it('ends when it is told to, also while the Sentinels are asked', async () => {
  for (const relay of relays) relay.blackhole();
  const redis = open('work');
  const asked = redis.get('a').catch((error: Error) => error);
  redis.disconnect();
  expect(await asked).toBeInstanceOf(Error);
  await vi.waitFor(() => expect(redis.status).toBe('end'), SOON);
});

describe('at boot', () => {
  const refusal = (change: Parameters<typeof servers>[0]) =>
    reachable({ Redis: servers(change) }, log).catch((error: Error) => error.message);

  it('waits while no Sentinel answers, and says so', async () => {
    relays[0]!.cut();
    relays[1]!.blackhole();
    const reached = reachable({ Redis: servers() }, log);
    await vi.waitFor(() => expect(lines[0]).toMatch(/^waits for Redis: no Sentinel tells .*primary/), SOON);
    for (const relay of relays) relay.heal();
    await reached;
  }, 60_000);

  it('refuses a name that none knows', async () => {
    expect(await refusal({ name: 'shop' })).toMatch(
      /^Redis at shop of the Sentinels 127.*cannot be used: .*knows no shop.*knows no shop/,
    );
  });

  it('refuses a wrong password of the server', async () => {
    expect(await refusal({ password: 'wrong' })).toContain('WRONGPASS');
  });

  it('refuses a missing password of the Sentinels, and takes the right one', async () => {
    const demand = (password: string, ...rules: string[]) =>
      Promise.all(
        store.sentinels.map(({ url }) =>
          askRedis(Object.assign(new URL(url), { password }).href, (sentinel) =>
            sentinel.call('ACL', 'SETUSER', 'default', ...rules),
          ),
        ),
      );
    await demand('', 'resetpass', '>secret');
    try {
      expect(await refusal({})).toContain('NOAUTH');
      await reachable({ Redis: servers({ sentinelPassword: 'secret' }) }, log);
    } finally {
      await demand('secret', 'nopass');
    }
  });
});

it('tells how many replicas follow', async () => {
  const redis = await readyRedis(open('requests'));
  await probeReplicas(redis, 1);
  await expect(probeReplicas(redis, 2)).rejects.toThrow('1 of 2 follow');
});

describe('a primary whose replicas are gone', () => {
  it('is left at its first refusal, since they may have another one', async () => {
    const redis = await readyRedis(open('requests'));
    const id = await redis.client('ID');
    await askRedis(store.primary.url, (admin) => admin.config('SET', 'min-replicas-to-write', '2'));
    try {
      await expect(redis.set('a', '4')).rejects.toThrow('NOREPLICAS');
      await vi.waitFor(async () => expect(await redis.client('ID')).not.toBe(id), SOON);
    } finally {
      await askRedis(store.primary.url, (admin) => admin.config('SET', 'min-replicas-to-write', '0'));
    }
  });
});

it('goes on with the server that is promoted when the primary is killed: requests, subscribers and duplicates that block', async () => {
  const [redis, subscriber, work] = [open('requests'), open('requests'), open('work')];
  await Promise.all([redis, subscriber, work].map(readyRedis));
  const heard: string[] = [];
  subscriber.on('message', (_, message: string) => heard.push(message));
  subscriber.on('ready', () => void subscriber.subscribe('news').catch(() => undefined));
  await subscriber.subscribe('news');
  const blocking = work.duplicate();
  opened.push(blocking.on('error', () => undefined));
  const popped = (async () => {
    for (;;) {
      const found = await blocking.blpop('jobs', 1).catch(() => undefined);
      if (found) return found;
      await sleep(50);
    }
  })();

  await store.primary.kill();
  const waiting = work.set('b', '1');
  await expect(redis.get('a')).rejects.toBeInstanceOf(Error);
  await promoted(store, store.replicas[0]!);

  await vi.waitFor(() => redis.set('a', '5'), SOON);
  expect(await waiting).toBe('OK');
  await vi.waitFor(async () => {
    await redis.publish('news', 'x');
    expect(heard).toContain('x');
  }, SOON);
  await redis.rpush('jobs', 'job');
  expect(await popped).toEqual(['jobs', 'job']);

  await store.primary.start(); // as a replica soon
  await vi.waitFor(() => probeReplicas(redis, 1), SOON);
  expect(await redis.set('a', '6')).toBe('OK');
}, 120_000);
