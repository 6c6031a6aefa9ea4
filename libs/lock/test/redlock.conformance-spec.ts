import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateRedis } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { createLockDriver, Lock, LockQuorumUnreachableError, LockWaitTimeoutError } from '../src/index.js';
import type { LockDriver } from '../src/index.js';
import { eventually } from './support/eventually.js';
import { hold } from './support/hold.js';

const ALL = [0, 1, 2, 3, 4];
const options = { ttl: 5_000, wait: 10_000 };
const notAborted = () => new AbortController().signal;

let servers: Service[];
let admins: Redis[];
const drivers: LockDriver[] = [];
const dead = new Set<number>();

beforeAll(async () => {
  servers = await Promise.all(ALL.map(() => startPrivateRedis()));
  admins = servers.map(({ url }) => new Redis(url).on('error', () => undefined));
});
afterEach(async () => {
  await start(...dead);
  await Promise.all(admins.map((admin) => admin.client('UNPAUSE')));
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
});
afterAll(async () => {
  for (const admin of admins) admin.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
});

const each = (which: number[], act: (which: number) => Promise<unknown>) => Promise.all(which.map(act));
const urls = () => servers.map(({ url }) => url);
const open = async (to = urls()) => {
  const driver = await createLockDriver('redlock', { redlock: to });
  drivers.push(driver);
  return driver;
};
const openLock = async (to = urls()) => new Lock(await open(to));
const kill = (...which: number[]) => each(which, (i) => servers[dead.add(i) && i]!.kill());
const start = (...which: number[]) => each(which, (i) => servers[i]!.start().then(() => dead.delete(i)));

let n = 0;
const resourceName = () => `redlock:${process.pid}:${Date.now()}:${++n}`;
const keyOf = (resource: string) => `lock:redlock:{${resource}}`;
const votes = async (resource: string) => {
  const holders = await Promise.all(admins.map((admin) => admin.get(keyOf(resource))));
  return holders.filter((holder) => holder !== null);
};
/** A vote for somebody who is not heard of again. */
const voteForAnother = (resource: string, ...which: number[]) =>
  each(which, (i) => admins[i]!.set(keyOf(resource), 'somebody else', 'PX', 60_000));

describe('redlock', () => {
  it('has the votes of all servers while it is held, and of none afterwards', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, options);
    await eventually('all have voted', async () => (await votes(resource)).length === ALL.length);
    expect(new Set(await votes(resource))).toEqual(new Set([held.lease.holder]));
    await held.release();
    await eventually('no votes are left', async () => (await votes(resource)).length === 0);
  });

  it('counts the validity from before it asked, less the drift of clocks', async () => {
    const before = performance.now();
    const grant = await (await open()).acquire(resourceName(), { ttl: 5_000, signal: notAborted() });
    expect(grant.ttl).toBe(5_000 - 52);
    expect(grant.provenAt).toBeGreaterThanOrEqual(before);
    expect(grant.provenAt).toBeLessThan(performance.now());
    await grant.release();
  });

  it('goes on without a minority: grants, excludes, extends, releases', async () => {
    const [lock, other] = [await openLock(), await openLock()];
    await lock.withLock(resourceName(), options, async () => undefined); // all five have been there once
    await kill(0, 1);
    const resource = resourceName();
    const held = await hold(lock, resource, { ttl: 2_000, wait: 5_000 });
    const { expiresAt } = held.lease;
    const outlastsTheTtl = other.withLock(resource, { ttl: 2_000, wait: 3_000 }, async () => 'in');
    await expect(outlastsTheTtl).rejects.toBeInstanceOf(LockWaitTimeoutError);
    expect(held.lease.expiresAt).toBeGreaterThan(expiresAt);
    await held.release();
    expect(await other.withLock(resource, options, async () => 'in')).toBe('in');
  });

  it('waits for no server that is silent, as long as a majority answers', async () => {
    const lock = await openLock();
    await lock.withLock(resourceName(), options, async () => undefined);
    await each([0, 1], (i) => admins[i]!.client('PAUSE', 2_000, 'ALL'));
    const pausedAt = performance.now();
    let sections = 0;
    while (performance.now() < pausedAt + 1_000) {
      await lock.withLock(resourceName(), options, async () => sections++);
    }
    // Had it waited for them, each acquire and each release would have taken 500 ms.
    expect(sections).toBeGreaterThan(10);
  });

  it('says at once that a majority cannot be reached, how many were, and works again once it can', async () => {
    const lock = await openLock();
    await lock.withLock(resourceName(), options, async () => undefined);
    await kill(0, 1, 2);
    const lacksQuorum = () => lock.withLock(resourceName(), options, async () => 'in');
    const error = await lacksQuorum().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockQuorumUnreachableError);
    expect(error).toMatchObject({ code: 'LOCK_QUORUM_UNREACHABLE', cause: expect.any(AggregateError) });
    expect((error as Error).message).toContain('2 lock servers answered');
    expect(((error as Error).cause as AggregateError).errors).toHaveLength(3);
    await start(2);
    await eventually('a majority is enough', () => lacksQuorum().then(Boolean, () => false));
    await start(0, 1);
    const resource = resourceName();
    await eventually('those that came back vote too', () =>
      lock.withLock(resource, options, async () => (await votes(resource)).length === ALL.length),
    );
  });

  it('is told so too when it opens while they are down', async () => {
    await kill(0, 1, 2);
    const lock = await openLock();
    const asking = lock.withLock(resourceName(), options, async () => 'in');
    await expect(asking).rejects.toBeInstanceOf(LockQuorumUnreachableError);
    await start(0, 1, 2);
    const ask = () => lock.withLock(resourceName(), options, async () => true);
    await eventually('it is granted without being opened anew', () => ask().catch(() => false));
  });

  it('tells "taken by somebody else" from "cannot be reached"', async () => {
    const lock = await openLock();
    const resource = resourceName();
    await voteForAnother(resource, 0, 1, 2);
    const taken = lock.withLock(resource, { ttl: 5_000, wait: 300 }, async () => 'in');
    await expect(taken).rejects.toBeInstanceOf(LockWaitTimeoutError);
    await eventually('its own votes are taken back', async () => (await votes(resource)).length === 3);
  });

  it('takes back the votes of a minority when it fails, also those it did not hear of', async () => {
    const driver = await open();
    await (await driver.acquire(resourceName(), { ttl: 5_000, signal: notAborted() })).release();
    const resource = resourceName();
    const takenBack = await callsOn(0, 'del');
    await each([0, 1, 2], (i) => admins[i]!.client('PAUSE', 1_500, 'ALL'));
    const asking = driver.acquire(resource, { ttl: 60_000, signal: notAborted() });
    await expect(asking).rejects.toBeInstanceOf(LockQuorumUnreachableError);
    // The silent ones vote when they wake up, and find the releases behind the votes.
    await eventually('the vote was taken back', async () => (await callsOn(0, 'del')) > takenBack);
    await eventually('no votes are left', async () => (await votes(resource)).length === 0);
  });

  it('takes them back when the caller gives up, and does so at once', async () => {
    const resource = resourceName();
    await voteForAnother(resource, 0, 1, 2);
    const takenBack = await callsOn(3, 'del');
    const caller = new AbortController();
    const waiting = (await open()).acquire(resource, { ttl: 60_000, signal: caller.signal });
    await eventually('it has been refused', async () => (await callsOn(3, 'del')) > takenBack);
    await each([0, 1, 2], (i) => admins[i]!.client('PAUSE', 1_500, 'ALL'));
    await eventually('it asks again', async () => (await admins[3]!.get(keyOf(resource))) !== null);
    caller.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    await eventually('its votes are taken back', async () => (await votes(resource)).length === 3);
  });

  it('lets two contenders that split the votes try again until one wins, and then the other', async () => {
    const resource = resourceName();
    await voteForAnother(resource, 4);
    // Each of them is far away from the servers that are near to the other one.
    const proxies = await Promise.all(urls().map((url) => TcpProxy.before(url)));
    for (const proxy of proxies) proxy.delay(20);
    const far = urls().map((url, i) => url.replace(/\d+$/, String(proxies[i]!.port)));
    const [one, two] = [
      await openLock([...urls().slice(0, 2), ...far.slice(2)]),
      await openLock([...far.slice(0, 2), ...urls().slice(2)]),
    ];
    for (const lock of [one, two]) await lock.withLock(resourceName(), options, async () => undefined);
    const before = await callsOn(0, 'set');
    let inside = 0;
    const section = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([one, two].map((lock) => lock.withLock(resource, options, section)));
    expect((await callsOn(0, 'set')) - before).toBeGreaterThan(2);
    await Promise.all(drivers.splice(0).map((driver) => driver.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  it('keeps its lease while a majority remembers it, and loses it with that majority', async () => {
    const resource = resourceName();
    const grant = await (await open()).acquire(resource, { ttl: 60_000, signal: notAborted() });
    await eventually('all have voted', async () => (await votes(resource)).length === ALL.length);
    await each([0, 1], (i) => admins[i]!.del(keyOf(resource)));
    expect(await grant.extend!(60_000)).toBe(true);
    await admins[2]!.del(keyOf(resource));
    expect(await grant.extend!(60_000)).toBe(false);
    expect(await grant.release()).toBe(false);
  });

  it('cannot tell whether the lease lives on when the majority is gone', async () => {
    const grant = await (await open()).acquire(resourceName(), { ttl: 60_000, signal: notAborted() });
    await kill(0, 1, 2);
    await expect(grant.extend!(60_000)).rejects.toBeInstanceOf(LockQuorumUnreachableError);
    await expect(grant.release()).rejects.toBeInstanceOf(LockQuorumUnreachableError);
  });

  it('grants twice when a server restarts without its data before the TTL is over', async () => {
    const resource = resourceName();
    // Two servers are down at first, so that the first holder has the barest majority.
    await kill(3, 4);
    const first = await hold(await openLock(), resource, { ttl: 60_000, wait: 5_000 });
    await start(3, 4);
    await restartEmpty(2);
    const second = await hold(await openLock(), resource, { ttl: 60_000, wait: 5_000 });
    expect(() => first.lease.throwIfLost()).not.toThrow();
    // Nothing tells them apart when they write.
    expect([first.lease.token, second.lease.token]).toEqual([undefined, undefined]);
    await second.release();
    await expect(first.release()).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  it('grants once when that server keeps its data', async () => {
    const resource = resourceName();
    await kill(3, 4);
    const first = await hold(await openLock(), resource, { ttl: 60_000, wait: 5_000 });
    await start(3, 4);
    await kill(2);
    await start(2);
    const refused = (await openLock()).withLock(resource, { ttl: 60_000, wait: 1_000 }, async () => 'in');
    await expect(refused).rejects.toBeInstanceOf(LockWaitTimeoutError);
    await first.release();
  });
});

/** What a crash leaves of a server that does not persist: one that has forgotten its votes. */
async function restartEmpty(which: number) {
  await admins[which]!.flushall();
  await kill(which);
  await start(which);
}

async function callsOn(which: number, command: 'set' | 'del'): Promise<number> {
  const stats = await admins[which]!.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}
