import { Redis } from 'ioredis';
import { afterAll, expect, inject, it } from 'vitest';
import {
  createLockDriver,
  Lock,
  LockBackendUnavailableError,
  LockError,
  LockLostError,
  type LockDriver,
} from '../src/index.js';

const redis = new Redis(inject('redisUrl'));
const drivers: LockDriver[] = [];
const open = async () => {
  const driver = await createLockDriver('redis', { redis });
  drivers.push(driver);
  return driver;
};
const lock = new Lock(await open());
const other = new Lock(await open());
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  await redis.quit();
});

let n = 0;
const resourceName = () => `redis-driver:${process.pid}:${Date.now()}:${++n}`;
const keysOf = (resource: string) => redis.keys(`lock:{${resource}}*`);
const options = { ttl: 5_000, wait: 5_000 };
const notAborted = () => new AbortController().signal;

it('tells the holder, within a third of the TTL, that its key was deleted', async () => {
  const resource = resourceName();
  const work = lock.withLock(resource, { ttl: 300, wait: 0 }, async ({ signal }) => {
    await redis.del(`lock:{${resource}}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return 'returned normally';
  });
  await expect(work).rejects.toBeInstanceOf(LockLostError);
});

it('does not take the lock from its new holder with a stale release', async () => {
  const resource = resourceName();
  const driver = await open();
  const stale = await driver.acquire(resource, { ttl: 5_000, signal: notAborted() });
  await redis.del(`lock:{${resource}}`);
  const current = await driver.acquire(resource, { ttl: 5_000, signal: notAborted() });
  expect(await stale.release()).toBe(false);
  expect(await stale.extend!(5_000)).toBe(false);
  expect(await current.release()).toBe(true);
});

it('grants a lock that was handed over while its wake-up got lost', async () => {
  const resource = resourceName();
  const holder = await (await open()).acquire(resource, { ttl: 60_000, signal: notAborted() });
  const waiting = other.withLock(resource, options, async () => 'in');
  await until(async () => (await redis.llen(`lock:{${resource}}:queue`)) === 1);
  const [waiter] = await redis.lrange(`lock:{${resource}}:queue`, 0, 0);
  // As a hand-over does it, but for the message.
  await redis
    .multi()
    .del(`lock:{${resource}}:queue`)
    .set(`lock:{${resource}}`, `${waiter} 1`, 'PX', 5_000)
    .exec();
  expect(await waiting).toBe('in');
  expect(await holder.release()).toBe(false);
});

it('works on after SCRIPT FLUSH', async () => {
  await redis.script('FLUSH');
  expect(await lock.withLock(resourceName(), options, async () => 'in')).toBe('in');
});

it('leaves nothing in Redis but the last token, and that with an expiry', async () => {
  const resource = resourceName();
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? lock : other).withLock(resource, options, pause)),
  );
  expect(await keysOf(resource)).toEqual([`lock:{${resource}}:token`]);
  expect(await redis.pttl(`lock:{${resource}}:token`)).toBeGreaterThan(0);
});

it('takes one command to lock a free lock and one to release it', async () => {
  const resource = resourceName();
  await lock.withLock(resource, options, async () => undefined); // scripts are loaded, the subscription is up
  const before = await commandsProcessed();
  for (let i = 0; i < 50; i++) await lock.withLock(resource, options, async () => undefined);
  expect(Math.round(((await commandsProcessed()) - before) / 50)).toBe(2);
});

it('says that the store does not answer when it cannot be reached', async () => {
  const nobody = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true });
  nobody.on('error', () => undefined);
  const driver = await createLockDriver('redis', { redis: nobody });
  const waiting = new Lock(driver).withLock('r', { ttl: 1_000, wait: 10_000 }, async () => 'in');
  const error = await waiting.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LockBackendUnavailableError);
  expect(error).toBeInstanceOf(LockError);
  expect(error).toMatchObject({ name: 'LockBackendUnavailableError', code: 'LOCK_BACKEND_UNAVAILABLE' });
  await driver.close();
  nobody.disconnect();
});

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

/** EVALSHA calls so far: the locks' own, and nobody else's. */
async function commandsProcessed(): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

async function until(condition: () => Promise<boolean>) {
  for (let tries = 0; tries < 500; tries++) {
    if (await condition()) return;
    await pause();
  }
  throw new Error('what was awaited did not happen');
}
