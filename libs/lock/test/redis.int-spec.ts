import { Redis } from 'ioredis';
import { afterAll, describe, expect, inject, it } from 'vitest';
import {
  createLockDriver,
  Lock,
  LockBackendUnavailableError,
  LockError,
  LockLostError,
  LockWaitTimeoutError,
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
  const waiter = await firstWaiter(resource);
  // As a hand-over does it, but for the message.
  await redis
    .multi()
    .del(`lock:{${resource}}:queue`, `lock:{${resource}}`)
    .zadd(`lock:{${resource}}`, Date.now() + 5_000, waiter)
    .exec();
  expect(await waiting).toBe('in');
  expect(await holder.release()).toBe(false);
});

it('takes no wake-up for a grant that is older than the last answer', async () => {
  const resource = resourceName();
  const holder = await (await open()).acquire(resource, { ttl: 60_000, signal: notAborted() });
  const waiting = other.withLock(resource, { ...options, wait: 600 }, async () => 'in');
  const waiter = await firstWaiter(resource);
  const late = `${waiter} ${await redis.get(`lock:{${resource}}:token`)}`;
  expect(await redis.publish(`lock:wake:${waiter.split(':')[0]}`, late)).toBe(1);
  await expect(waiting).rejects.toBeInstanceOf(LockWaitTimeoutError);
  expect(await holder.release()).toBe(true);
});

it('has one contender per process and resource wait in Redis', async () => {
  const resource = resourceName();
  const holder = await (await open()).acquire(resource, { ttl: 60_000, signal: notAborted() });
  const callers = Array.from({ length: 20 }, (_, i) =>
    (i % 2 ? lock : other).withLock(resource, options, pause),
  );
  await until('both processes wait', async () => (await redis.llen(`lock:{${resource}}:queue`)) === 2);
  await pause();
  expect(await redis.llen(`lock:{${resource}}:queue`)).toBe(2);
  await holder.release();
  await Promise.all(callers);
});

describe('a holder whose process is gone', () => {
  const long = { ttl: 60_000, wait: 1_500 };
  /** The process dies with the lock in its hands: the server sees its connections close. */
  async function heldByTheDead(earlyTakeover: boolean) {
    const resource = resourceName();
    const doomed = await open();
    const grant = await doomed.acquire(resource, { ttl: 60_000, earlyTakeover, signal: notAborted() });
    await doomed.close();
    return { resource, token: grant.token! };
  }

  it('is not waited for with early takeover, and the new token is above the old one', async () => {
    const { resource, token } = await heldByTheDead(true);
    const taken = await lock.withLock(
      resource,
      { ...long, earlyTakeover: true },
      async (lease) => lease.token!,
    );
    expect(taken).toBeGreaterThan(token);
  });

  it('keeps the lock until its TTL when its work, or the work that waits, does not allow early takeover', async () => {
    for (const [dead, waiter] of [
      [true, false],
      [false, true],
    ] as const) {
      const { resource } = await heldByTheDead(dead);
      const waiting = lock.withLock(
        resource,
        { ...long, wait: 800, earlyTakeover: waiter },
        async () => 'in',
      );
      await expect(waiting).rejects.toBeInstanceOf(LockWaitTimeoutError);
    }
  });

  it('leaves the lock to nobody but the first who waits, though only another one may take over', async () => {
    const { resource } = await heldByTheDead(true);
    const patient = other.withLock(resource, { ...long, wait: 1_000 }, async () => 'in');
    await firstWaiter(resource);
    const eager = lock.withLock(resource, { ...long, wait: 3_000, earlyTakeover: true }, async () => 'in');
    await expect(patient).rejects.toBeInstanceOf(LockWaitTimeoutError);
    expect(await eager).toBe('in');
  });

  it('hears that it was overtaken if it was only cut off', async () => {
    const resource = resourceName();
    const cutOff = new Redis(inject('redisUrl'), { connectionName: 'cut-off' });
    const driver = await createLockDriver('redis', { redis: cutOff });
    const work = new Lock(driver).withLock(
      resource,
      { ttl: 1_500, wait: 0, earlyTakeover: true },
      async ({ signal }) => {
        await cutOffListener();
        const next = lock.withLock(resource, { ...long, earlyTakeover: true }, async () => 'in');
        expect(await next).toBe('in');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    );
    await expect(work).rejects.toBeInstanceOf(LockLostError);
    await driver.close();
    await cutOff.quit();
  });

  /** Ends the subscription of the connection named `cut-off`, for a moment: its owner connects again. */
  async function cutOffListener() {
    const clients = String(await redis.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n');
    const listener = clients.find((client) => client.includes('name=cut-off'))!;
    await redis.client('KILL', 'ID', /id=(\d+) /.exec(listener)![1]!);
  }
});

it('has waiters whose processes are gone cost nothing', async () => {
  const resource = resourceName();
  const holder = await (await open()).acquire(resource, { ttl: 60_000, signal: notAborted() });
  for (let i = 0; i < 5; i++) {
    const doomed = await open();
    doomed.acquire(resource, { ttl: 60_000, signal: notAborted() }).catch(() => undefined);
    await until('it waits', async () => (await redis.llen(`lock:{${resource}}:queue`)) === i + 1);
    await doomed.close();
  }
  const waiting = other.withLock(resource, { ttl: 60_000, wait: 2_000 }, async () => 'in');
  await until('the last one waits', async () => (await redis.llen(`lock:{${resource}}:queue`)) === 6);
  await holder.release();
  expect(await waiting).toBe('in');
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

it('takes less than one command per acquisition under contention: callers of a process share its turns', async () => {
  const resource = resourceName();
  const contend = async (by: Lock) => {
    for (let i = 0; i < 25; i++) await by.withLock(resource, options, pause);
  };
  await Promise.all([contend(lock), contend(other)]);
  const before = await commandsProcessed();
  await Promise.all(Array.from({ length: 8 }, (_, i) => contend(i % 2 ? lock : other)));
  expect(((await commandsProcessed()) - before) / (8 * 25)).toBeLessThan(0.8);
});

describe('a turn of a process', () => {
  /** Calls `asking` while somebody else has the lock, and has that one release it once all who asked wait. */
  async function afterAHolder<T>(resource: string, asking: () => Promise<T>): Promise<T> {
    const holder = await (await open()).acquire(resource, { ttl: 60_000, signal: notAborted() });
    const asked = asking();
    await firstWaiter(resource);
    await holder.release();
    return asked;
  }

  it('serves who was there when it began, each under a larger token, then the next process, then latecomers', async () => {
    const resource = resourceName();
    const tokens: bigint[] = [];
    const order: string[] = [];
    const ask = (by: Lock, name: string, work?: () => Promise<void>) =>
      by.withLock(resource, options, async ({ token }) => {
        order.push(name);
        tokens.push(token!);
        await work?.();
      });
    let latecomer: Promise<void> | undefined;
    await afterAHolder(resource, async () => {
      const comesBetween = async () => {
        latecomer = ask(lock, 'latecomer');
        await pause();
      };
      const first = [ask(lock, 'a1', comesBetween), ask(lock, 'a2'), ask(lock, 'a3')];
      await firstWaiter(resource);
      await Promise.all([...first, ask(other, 'b')]);
    });
    await latecomer;
    expect(order).toEqual(['a1', 'a2', 'a3', 'b', 'latecomer']);
    expect(new Set(tokens).size).toBe(5);
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it('does not keep those who handed it on waiting for the work of the others', async () => {
    const resource = resourceName();
    await afterAHolder(resource, async () => {
      const first = lock.withLock(resource, options, pause);
      const second = lock.withLock(resource, options, () => first);
      await Promise.all([first, second]);
    });
  });

  it('is lost for all who had it when Redis cannot confirm it afterwards', async () => {
    const resource = resourceName();
    await afterAHolder(resource, async () => {
      const first = lock.withLock(resource, options, pause);
      const second = lock.withLock(
        resource,
        options,
        async () => void (await redis.del(`lock:{${resource}}`)),
      );
      await expect(first).rejects.toBeInstanceOf(LockLostError);
      await expect(second).rejects.toBeInstanceOf(LockLostError);
    });
    expect(await lock.withLock(resource, options, async () => 'in')).toBe('in');
  });

  it('goes on when the work of one fails', async () => {
    const resource = resourceName();
    await afterAHolder(resource, async () => {
      const first = lock.withLock(resource, options, () => Promise.reject(new Error('its own')));
      const second = lock.withLock(resource, options, async () => 'in');
      await expect(first).rejects.toThrow('its own');
      expect(await second).toBe('in');
    });
  });

  it('is not handed to work that allows early takeover from work that does not: Redis must know of it', async () => {
    const resource = resourceName();
    const allowsTakeover = async () =>
      (await redis.zrange(`lock:{${resource}}`, '0', '0'))[0]!.endsWith(':takeover');
    await afterAHolder(resource, async () => {
      const kinds = [false, true, true, false];
      const asked = kinds.map((earlyTakeover) =>
        lock.withLock(resource, { ...options, earlyTakeover }, allowsTakeover),
      );
      expect(await Promise.all(asked)).toEqual(kinds);
    });
  });
});

it('puts the key prefix of its connection before its keys', async () => {
  const resource = resourceName();
  const prefixed = new Redis(inject('redisUrl'), { keyPrefix: 'shop:' });
  const driver = await createLockDriver('redis', { redis: prefixed });
  const within = new Lock(driver);
  const [keys] = await Promise.all([
    within.withLock(resource, options, () => redis.keys(`*{${resource}}*`)),
    within.withLock(resource, options, pause),
  ]);
  expect(keys.toSorted()).toEqual([`shop:lock:{${resource}}`, `shop:lock:{${resource}}:token`]);
  await driver.close();
  await prefixed.quit();
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

async function firstWaiter(resource: string): Promise<string> {
  await until('somebody waits', async () => (await redis.llen(`lock:{${resource}}:queue`)) > 0);
  return (await redis.lindex(`lock:{${resource}}:queue`, 0))!;
}

async function until(what: string, condition: () => Promise<boolean>) {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await condition()) return;
    await pause();
  }
  throw new Error(`it did not happen that ${what}`);
}
