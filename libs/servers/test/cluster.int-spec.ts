import { TcpProxy } from '@app/testing';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it, vi } from 'vitest';
import {
  promotedInCluster,
  startRedisCluster,
  stopRedisCluster,
  type RedisCluster,
} from '../../../local/services/redis-cluster.js';
import { askRedis } from '../../../local/services/redis.js';
import {
  openRedis,
  openShards,
  probeReplicas,
  reachable,
  readyRedis,
  type RedisServers,
} from '../src/index.js';

/** Milliseconds within which a connection must be usable again. */
const SOON = { timeout: 30_000, interval: 50 };
const log = { warn: () => undefined };
const SHARDS = 6;

let cluster: RedisCluster;
let relays: TcpProxy[];
const opened: Pick<Redis, 'disconnect'>[] = [];
beforeAll(async () => {
  cluster = await startRedisCluster(3, 1);
}, 60_000);
afterAll(() => stopRedisCluster(cluster));
beforeEach(async () => {
  relays = await Promise.all(cluster.primaries.map(({ url }) => TcpProxy.before(url)));
});
afterEach(async () => {
  for (const redis of opened.splice(0)) redis.disconnect();
  await Promise.all(relays.map((relay) => relay.close()));
});

const servers = (change: Partial<RedisServers & { kind: 'cluster' }> = {}) =>
  ({
    kind: 'cluster',
    nodes: relays.map(({ port }) => ({ host: '127.0.0.1', port })),
    shards: SHARDS,
    password: cluster.env.REDIS_PASSWORD!,
    tls: false,
    ...change,
  }) as const;

function open(patience: 'requests' | 'work', change = {}) {
  const shards = openShards(servers(change), { name: 'test', patience }, log);
  opened.push(shards);
  return shards;
}

const refusal = (change: Parameters<typeof servers>[0]) =>
  reachable({ Redis: servers(change) }, log).catch((error: Error) => error.message);

it.each([
  ['is silent', (relay: TcpProxy) => relay.blackhole()],
  ['refuses connections', (relay: TcpProxy) => relay.cut()],
])('passes over a node that %s', async (_, trouble) => {
  trouble(relays[0]!);
  await reachable({ Redis: servers() }, log);
  const { all } = open('requests');
  await Promise.all(all.map(({ redis }) => readyRedis(redis)));
  for (const { redis, prefix } of all) expect(await redis.set(`${prefix}a`, '1')).toBe('OK');
});

it('refuses a wrong password, and a server that is no cluster', async () => {
  expect(await refusal({ password: 'wrong' })).toContain('WRONGPASS');
  const { hostname: host, port, password } = new URL(inject('redisUrl'));
  expect(await refusal({ nodes: [{ host, port: Number(port) }], password })).toContain(
    'cluster support disabled',
  );
});

it('follows a slot to the node that has it now', async () => {
  const { redis, prefix } = open('requests').all[0]!;
  await readyRedis(redis);
  await redis.del(`${prefix}a`, `${prefix}servers:probe`);
  const [from, to] = [cluster.primaries[0]!, cluster.primaries[1]!];
  const id = await askRedis<string>(to.url, (node) => node.cluster('MYID'));
  const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', prefix));
  for (const { url } of [to, from])
    await askRedis(url, (node) => node.call('CLUSTER', 'SETSLOT', slot, 'NODE', id));
  await vi.waitFor(async () => expect(await redis.set(`${prefix}a`, '2')).toBe('OK'), SOON);
  expect(await askRedis(to.url, (node) => node.get(`${prefix}a`))).toBe('2');
}, 60_000);

it('goes on with the replica that is promoted: requests that fail soon meanwhile, work that waits, whoever listens or blocks', async () => {
  const [requests, work] = [open('requests'), open('work')];
  const listener = openRedis(servers(), { name: 'test', patience: 'requests' }, log);
  const all = [...requests.all, ...work.all].map(({ redis }) => redis);
  await Promise.all([...all, listener].map(readyRedis));
  opened.push(listener);
  const heard = new Set<string>();
  listener.on('message', (_, message: string) => heard.add(message));
  listener.on('ready', () => void listener.subscribe('news').catch(() => undefined));
  await listener.subscribe('news');
  const last = SHARDS - 1;
  const { redis: waiting, prefix } = work.all[last]!;
  const blocking = waiting.duplicate();
  opened.push(blocking.on('error', () => undefined));
  const popped = (async () => {
    for (;;) {
      const found = await blocking.blpop(`${prefix}jobs`, 1).catch(() => undefined);
      if (found) return found;
      await sleep(50);
    }
  })();

  const [one, another, primary] = cluster.primaries;
  await primary!.kill();
  const kept = waiting.set(`${prefix}b`, '1');
  await expect(requests.all[last]!.redis.get(`${prefix}b`)).rejects.toBeInstanceOf(Error);
  const { redis: well, prefix: elsewhere } = requests.all[1]!;
  expect(await well.set(`${elsewhere}b`, '1')).toBe('OK');
  await promotedInCluster(cluster.replicas[2]!, [one!, another!]);

  expect(await kept).toBe('OK');
  await vi.waitFor(() => requests.all[last]!.redis.set(`${prefix}b`, '2'), SOON);
  await vi.waitFor(async () => {
    for (const [i, { redis }] of requests.all.entries()) await redis.publish('news', `${i}`);
    expect(heard.size).toBe(SHARDS);
  }, SOON);
  await waiting.rpush(`${prefix}jobs`, 'job');
  expect(await popped).toEqual([`${prefix}jobs`, 'job']);

  await primary!.start(); // as a replica soon
  await vi.waitFor(() => probeReplicas(requests.all[last]!.redis, 1, prefix), SOON);
}, 120_000);
