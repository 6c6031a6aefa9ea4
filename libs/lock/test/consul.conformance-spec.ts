import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startConsul } from '../../../tools/services/consul.js';
import type { Service } from '../../../tools/services/service.js';
import { ConsulClient, isRefused } from '../src/drivers/consul/client.js';
import { ConsulPlace } from '../src/drivers/consul/place.js';
import { Session } from '../src/drivers/consul/session.js';
import {
  createLockDriver,
  Lock,
  LockBackendUnavailableError,
  LockLostError,
  LockWaitTimeoutError,
} from '../src/index.js';
import type { LockDriver } from '../src/index.js';
import { eventually, within } from './support/eventually.js';
import { hold } from './support/hold.js';
import { TcpProxy } from './support/tcp-proxy.js';

const options = { ttl: 10_000, wait: 30_000 };
const notAborted = () => new AbortController().signal;

let server: Service;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startConsul();
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(() => server.stop());

const open = async (url = server.url): Promise<LockDriver> => {
  const driver = await createLockDriver('consul', { consul: url });
  closing.push(() => driver.close());
  return driver;
};
const openLock = async (url?: string) => new Lock(await open(url));
const openProxy = async () => {
  const { hostname, port } = new URL(server.url);
  const proxy = await TcpProxy.to(hostname, Number(port));
  closing.push(() => proxy.close());
  return { proxy, url: `http://127.0.0.1:${proxy.port}` };
};

let n = 0;
const resourceName = () => `consul:${process.pid}:${Date.now()}:${++n}`;

/** What an operator does, past the driver. */
async function api<T>(method: 'GET' | 'PUT' | 'DELETE', path: string): Promise<T | undefined> {
  const response = await fetch(`${server.url}/v1/${path}`, { method });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return (await response.json()) as T;
}
interface Entry {
  Key: string;
  CreateIndex: number;
  Session: string;
}
const queue = async (resource: string) => {
  const path = `kv/lock/${encodeURIComponent(resource)}/?recurse&consistent`;
  return ((await api<Entry[]>('GET', path)) ?? []).toSorted((a, b) => a.CreateIndex - b.CreateIndex);
};
const queued = (resource: string, length: number, withinMs?: number) =>
  eventually(
    `${length} contenders are queued`,
    async () => (await queue(resource)).length === length,
    withinMs,
  );
const sessions = async () =>
  ((await api<{ ID: string }[]>('GET', 'session/list?consistent')) ?? []).map(({ ID }) => ID).toSorted();
const destroySession = (id: string) => api('PUT', `session/destroy/${id}`);
const deleteKey = (key: string) => api('DELETE', `kv/${key.split('/').map(encodeURIComponent).join('/')}`);
const aborted = async (signal: AbortSignal) => void (signal.aborted || (await once(signal, 'abort')));

describe('consul', () => {
  it('takes one request to lock a free lock and one to release it', async () => {
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    await lock.withLock(resourceName(), options, async () => undefined); // the session is open
    const before = proxy.requests;
    for (let i = 0; i < 20; i++) await lock.withLock(resourceName(), options, async () => undefined);
    expect(proxy.requests - before).toBeGreaterThanOrEqual(40);
    expect(proxy.requests - before).toBeLessThanOrEqual(40 + 1); // a renewal may come between
  });

  it('wakes only the next of many waiters', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const holder = await hold(await openLock(), resource, options);
    const next = (await openLock()).withLock(resource, options, async () => {
      await queued(resource, 7);
      return proxy.requests;
    });
    await queued(resource, 2);
    const others = await openLock(url);
    const waiting = Array.from({ length: 6 }, () => others.withLock(resource, options, async () => 'in'));
    await queued(resource, 8);
    await eventually('nobody asks any more', isQuiet(proxy));
    const before = proxy.requests;
    await holder.release();
    // But for a renewal of the session, which may fall into this time.
    expect(await next).toBeLessThanOrEqual(before + 1);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'in'));
  });

  it('raises a TTL below the least that the server allows, and tells', async () => {
    const driver = await open();
    for (const [asked, granted] of [
      [2_000, 10_000],
      [12_500, 13_000],
    ] as const) {
      const grant = await driver.acquire(resourceName(), { ttl: asked, signal: notAborted() });
      expect(grant.ttl).toBe(granted);
      await grant.release();
    }
  });

  it('counts the index of its key in the Raft log as token, which grows although the key is made anew', async () => {
    const resource = resourceName();
    const lock = await openLock();
    let last = 0n;
    for (let i = 0; i < 3; i++) {
      const held = await hold(lock, resource, options);
      const indexes = (await queue(resource)).map(({ CreateIndex }) => BigInt(CreateIndex));
      expect(indexes).toEqual([held.lease.token]);
      expect(held.lease.token).toBeGreaterThan(last);
      last = held.lease.token!;
      await held.release();
    }
  });

  it('keeps a resource apart from one whose name goes on after a slash', async () => {
    const resource = resourceName();
    const lock = await openLock();
    const longer = await hold(lock, `${resource}/b`, options);
    expect(await lock.withLock(resource, { ...options, wait: 3_000 }, async () => 'in')).toBe('in');
    await longer.release();
  });

  it('keeps all locks of a TTL alive by one session, and destroys it when it closes', async () => {
    const before = await sessions();
    const driver = await createLockDriver('consul', { consul: server.url });
    const signal = notAborted();
    const names = Array.from({ length: 5 }, resourceName);
    await Promise.all(names.map((name) => driver.acquire(name, { ttl: 10_000, signal })));
    expect((await sessions()).filter((id) => !before.includes(id))).toHaveLength(1);
    await driver.close();
    expect(await sessions()).toEqual(before);
    for (const name of names) expect(await queue(name)).toEqual([]);
  });

  it('leaves no key or session after many contended cycles', async () => {
    const before = await sessions();
    const resource = resourceName();
    const drivers = await Promise.all([1, 2].map(() => createLockDriver('consul', { consul: server.url })));
    const locks = drivers.map((driver) => new Lock(driver));
    const cycles = Array.from({ length: 16 }, async (_, i) => {
      for (let cycle = 0; cycle < 20; cycle++)
        await locks[i % 2]!.withLock(resource, options, async () => undefined);
    });
    await Promise.all(cycles);
    expect(await queue(resource)).toEqual([]);
    await Promise.all(drivers.map((driver) => driver.close()));
    expect(await sessions()).toEqual(before);
  });

  it('tells the holder, within a third of the TTL, that an operator deleted its key', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, options);
    await deleteKey((await queue(resource))[0]!.Key);
    await within(6_000, 'the lease is lost', aborted(held.lease.signal));
    await expect(held.release()).rejects.toBeInstanceOf(LockLostError);
  });

  it('tells all holders of a session at once that it was destroyed, and goes on with another', async () => {
    const lock = await openLock();
    const names = [resourceName(), resourceName()];
    const held = await Promise.all(names.map((name) => hold(lock, name, options)));
    await destroySession((await queue(names[0]!))[0]!.Session);
    await within(2_000, 'both are lost', Promise.all(held.map(({ lease }) => aborted(lease.signal))));
    for (const one of held) await expect(one.release()).rejects.toBeInstanceOf(LockLostError);
    // No lock-delay: the key of the next holder is another one.
    expect(await lock.withLock(names[0]!, { ...options, wait: 3_000 }, async () => 'in')).toBe('in');
  });

  it('queues a waiter again whose session, or key, went while it waited', async () => {
    const resource = resourceName();
    const holder = await hold(await openLock(), resource, options);
    const waiting = (await openLock()).withLock(resource, options, async () => 'in');
    await queued(resource, 2);
    const [, waiter] = await queue(resource);
    await destroySession(waiter!.Session);
    await eventually('it has another place', async () => {
      const [, again] = await queue(resource);
      return again !== undefined && again.Session !== waiter!.Session;
    });
    await deleteKey((await queue(resource))[1]!.Key);
    await holder.release();
    expect(await within(5_000, 'the waiter is served', waiting)).toBe('in');
  });

  it('keeps holder and waiter over a crash of the server', async () => {
    const resource = resourceName();
    const holder = await hold(await openLock(), resource, { ...options, ttl: 20_000 });
    const waiting = (await openLock()).withLock(resource, { ...options, ttl: 60_000 }, async (lease) => {
      return lease.token!;
    });
    await queued(resource, 2);
    await server.kill();
    await server.start();
    const { token } = holder.lease;
    await holder.release();
    expect(await within(10_000, 'the waiter is served', waiting)).toBeGreaterThan(token!);
  });

  it('says within seconds that the store does not answer, and works once it does', async () => {
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    const ask = () => lock.withLock(resourceName(), options, async () => 'in');
    for (const fault of [() => proxy.cut(), () => proxy.blackhole()]) {
      fault();
      await expect(within(8_000, 'it is refused', ask())).rejects.toBeInstanceOf(LockBackendUnavailableError);
      proxy.heal();
      expect(await within(8_000, 'it is granted', ask())).toBe('in');
    }
  });
});

describe('consul, when an answer is lost', () => {
  it('takes one place in the queue, and finds it again', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    await lock.withLock(resourceName(), options, async () => undefined); // the session is open
    proxy.holdAnswers();
    const work = lock.withLock(resource, options, async (lease) => lease.token!);
    await queued(resource, 1);
    const [created] = await queue(resource);
    proxy.cut(); // with the answer
    proxy.heal();
    expect(await within(8_000, 'it is granted', work)).toBe(BigInt(created!.CreateIndex));
    await queued(resource, 0);
  });

  it('leaves the queue when the caller gives up without having heard', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    await lock.withLock(resourceName(), options, async () => undefined);
    proxy.holdAnswers();
    const work = lock.withLock(resource, { ...options, wait: 200 }, async () => 'in');
    await expect(within(1_000, 'it gives up', work)).rejects.toBeInstanceOf(LockWaitTimeoutError);
    await queued(resource, 1);
    proxy.cut();
    proxy.heal();
    await queued(resource, 0);
    expect(await (await openLock()).withLock(resource, options, async () => 'in')).toBe('in');
  });

  it('does not let a creation in that arrives after its caller has left', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const consul = new ConsulClient(url);
    const session = await Session.open(consul, 10);
    const place = new ConsulPlace(consul, session, 'lock', resource);
    proxy.holdAnswers();
    const entering = place.enter();
    await queued(resource, 1);
    proxy.cut();
    proxy.heal();
    await entering;
    await place.leave();
    // The same transaction as the one that was not answered.
    await expect(place.enter()).rejects.toSatisfy(isRefused);
    expect(await queue(resource)).toEqual([]);
    await session.end();
    consul.close();
  });

  it('knows a release that it has to repeat for its own', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const grant = await (await open(url)).acquire(resource, { ttl: 10_000, signal: notAborted() });
    proxy.holdAnswers();
    const released = grant.release();
    await queued(resource, 0);
    proxy.cut();
    proxy.heal();
    expect(await within(8_000, 'it is released', released)).toBe(true);
    expect(await grant.release()).toBe(false);
  });

  it('releases as soon as the store is back, though the caller was told that it is not', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const grant = await (await open(url)).acquire(resource, { ttl: 30_000, signal: notAborted() });
    proxy.cut();
    await expect(grant.release()).rejects.toBeInstanceOf(LockBackendUnavailableError);
    expect(await queue(resource)).toHaveLength(1);
    proxy.heal();
    await queued(resource, 0);
  });
});

/** Whether no client has sent anything since it was asked last. */
function isQuiet(proxy: TcpProxy) {
  let seen = -1;
  let since = performance.now();
  return () => {
    if (proxy.requests !== seen) [seen, since] = [proxy.requests, performance.now()];
    return performance.now() - since > 300;
  };
}
