import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { afterAll, expect, inject, it } from 'vitest';
import { Locks, processOf } from '../src/index.js';
import { eventually } from './support/eventually.js';

const redis = new Redis(inject('redisUrl'));
const processes = [new Locks({ redis }), new Locks({ redis })];
afterAll(async () => {
  await Promise.all(processes.map((locks) => locks.close()));
  await redis.quit();
});

const options = { ttl: 5_000, wait: 5_000 };

it.each(['redis', 'redis-setnx'] as const)('%s tells who has a lock, and in which process', async (name) => {
  const [lock] = await Promise.all(processes.map((locks) => locks.of(name)));
  const resource = randomUUID();
  expect((await lock!.inspect(resource))?.holder).toBeUndefined();
  await lock!.withLock(resource, options, async ({ holder }) => {
    expect((await lock!.inspect(resource))?.holder).toBe(holder);
    expect(processOf(holder)).toEqual({ host: hostname().replaceAll(/[^\w.-]/g, '-'), pid: process.pid });
  });
  expect((await lock!.inspect(resource))?.holder).toBeUndefined();
});

it('redis tells who waits, first come first, and looking changes nothing', async () => {
  const [first, second] = await Promise.all(processes.map((locks) => locks.of('redis')));
  const resource = randomUUID();
  let waiting: Promise<string> | undefined;
  await first!.withLock(resource, options, async ({ holder }) => {
    waiting = second!.withLock(resource, options, async (lease) => lease.holder);
    await eventually('one waits', async () => (await first!.inspect(resource))?.waiters?.length === 1);
    const ttl = await redis.pttl(`lock:{${resource}}:queue`);
    expect((await first!.inspect(resource))?.holder).toBe(holder);
    expect(await redis.pttl(`lock:{${resource}}:queue`)).toBeLessThanOrEqual(ttl);
  });
  expect(await waiting).not.toBe('');
});

it('a store that cannot be asked is not guessed about', async () => {
  const lock = await processes[0]!.of('local-mutex');
  expect(await lock.inspect('anything')).toBeUndefined();
  expect(processOf('7d3c3a52-0f3b-4d55-a3c6-7d5f6a3f3f10')).toBeUndefined();
});
