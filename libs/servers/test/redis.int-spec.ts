import { TcpProxy } from '@app/testing';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { askRedis, startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { openRedis, probeRedis, readyRedis } from '../src/index.js';

const password = 'for-tests';
const SCRIPT = `return redis.call('set', KEYS[1], '1')`;
/** Milliseconds within which a connection must be usable again. */
const SOON = { timeout: 10_000, interval: 50 };

let first: Service;
let second: Service;
let relay: TcpProxy;
let url: string;
let lines: { message: string; fields: { unlogged?: number } }[];
let opened: Redis[];
const log = { warn: (fields: object, message: string) => void lines.push({ fields, message }) };
const portOf = (service: Service) => Number(new URL(service.url).port);

beforeAll(async () => {
  [first, second] = await Promise.all([startRedisProgram({ password }), startRedisProgram({ password })]);
});
afterAll(() => Promise.all([first.stop(), second.stop()]));
beforeEach(async () => {
  relay = await TcpProxy.before(first.url);
  url = relay.leadingTo(first.url);
  lines = [];
  opened = [];
});
afterEach(async () => {
  for (const redis of opened) redis.disconnect();
  await relay.close();
  await askRedis(first.url, (redis) => redis.replicaof('NO', 'ONE'));
  await askRedis(first.url, (redis) => redis.config('SET', 'maxmemory', '0'));
});

async function open(patience: 'requests' | 'work'): Promise<Redis> {
  const redis = openRedis({ kind: 'one', url }, { name: 'test', patience }, log);
  opened.push(redis);
  return readyRedis(redis);
}

describe('a connection that falls silent and is not closed', () => {
  it('is made anew where work waits for its answer', async () => {
    const redis = await open('work');
    await redis.set('a', '1');
    void relay.forget();
    const begun = performance.now();
    expect(await redis.get('a')).toBe('1');
    expect(performance.now() - begun).toBeLessThan(SOON.timeout);
  }, 20_000);

  it('is made anew where it only listens', async () => {
    const redis = await open('requests');
    const heard: string[] = [];
    redis.on('message', (_, message: string) => heard.push(message));
    // Whoever listens subscribes anew, see openRedis.
    redis.on('ready', () => void redis.subscribe('news').catch(() => undefined));
    await redis.subscribe('news');
    void relay.forget();
    await vi.waitFor(async () => {
      await askRedis(first.url, (other) => other.publish('news', 'x'));
      expect(heard).toContain('x');
    }, SOON);
  }, 20_000);

  it('fails what requests ask of it meanwhile', async () => {
    const redis = await open('requests');
    void relay.forget();
    const begun = performance.now();
    await expect(redis.get('a')).rejects.toThrow('Command timed out');
    expect(performance.now() - begun).toBeLessThan(3_000);
    await vi.waitFor(() => redis.get('a'), SOON);
  }, 20_000);
});

it('costs time alone while it is slow, until its answers come later than requests wait for them', async () => {
  const redis = await open('requests');
  relay.delay(100);
  await redis.set('a', '1');
  relay.delay(1_000);
  await expect(redis.get('a')).rejects.toThrow('Command timed out');
  relay.heal();
  await vi.waitFor(() => redis.get('a'), SOON);
}, 20_000);

describe('a server that became a replica', () => {
  const demote = () => askRedis(first.url, (redis) => redis.replicaof('127.0.0.1', portOf(second)));

  it.each(['requests', 'work'] as const)(
    'is left by connections for %s, and readiness tells it',
    async (patience) => {
      const redis = await open(patience);
      await demote();
      await expect(redis.set('a', '1')).rejects.toThrow(/READONLY/);
      await expect(vi.waitFor(() => probeRedis(redis), { timeout: 500, interval: 600 })).rejects.toThrow(
        /takes no writes|does not answer/,
      );
      relay.leadTo('127.0.0.1', portOf(second));
      await vi.waitFor(() => redis.set('a', '1'), SOON);
    },
    20_000,
  );

  it('is left though it says so only inside a transaction', async () => {
    const redis = await open('requests');
    await demote();
    const transaction = () => redis.multi().eval(SCRIPT, 1, 'a').exec();
    expect(String((await transaction())![0]![0])).toMatch(/READONLY/);
    relay.leadTo('127.0.0.1', portOf(second));
    await vi.waitFor(async () => expect(await transaction()).toEqual([[null, 'OK']]), SOON);
  }, 20_000);
});

it('says why it cannot be used, in one line however often it fails', async () => {
  const redis = await open('requests');
  await askRedis(first.url, (admin) => admin.config('SET', 'maxmemory', '1'));
  await expect(probeRedis(redis)).rejects.toThrow('cannot serve now (OOM)');
  await sleep(5_000);
  expect(lines.map(({ message }) => message)).toEqual(['Redis cannot serve now (OOM)']);
  await askRedis(first.url, (admin) => admin.config('SET', 'maxmemory', '0'));
  await vi.waitFor(() => expect(lines.at(-1)!.message).toBe('Redis serves again'), SOON);
  await probeRedis(redis);
}, 30_000);

it('names a wrong password', async () => {
  const servers = { kind: 'one', url: url.replace(password, 'wrong') } as const;
  const wrong = openRedis(servers, { name: 'test', patience: 'work' }, log);
  opened.push(wrong);
  await vi.waitFor(() =>
    expect(lines.map(({ message }) => message)).toContain('Redis refuses the password (WRONGPASS)'),
  );
  await vi.waitFor(() => expect(probeRedis(wrong)).rejects.toThrow('refuses the password (WRONGPASS)'), SOON);
  await sleep(2_000);
  expect(lines.length).toBe(1);
});
