import { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startEtcd } from '../../../tools/services/etcd.js';
import type { Service } from '../../../tools/services/service.js';
import { openClient } from '../src/drivers/etcd/client.js';
import { Deletions } from '../src/drivers/etcd/deletions.js';
import { EtcdPlace } from '../src/drivers/etcd/place.js';
import { Session } from '../src/drivers/etcd/session.js';
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

const options = { ttl: 10_000, wait: 20_000 };
const notAborted = () => new AbortController().signal;

let server: Service;
let operator: Etcd3;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startEtcd();
  operator = new Etcd3({ hosts: server.url.split(',') });
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(async () => {
  operator.close();
  await server.stop();
});

const open = async (url = server.url): Promise<LockDriver> => {
  const driver = await createLockDriver('etcd', { etcd: url.split(',') });
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
const resourceName = () => `etcd:${process.pid}:${Date.now()}:${++n}`;
const queue = (resource: string) =>
  operator.getAll().prefix(`lock/${resource}/`).sort('Create', 'Ascend').keys();
const queued = (resource: string, length: number, withinMs?: number) =>
  eventually(
    `${length} contenders are queued`,
    async () => (await queue(resource)).length === length,
    withinMs,
  );
const leases = async () => (await operator.leaseClient.leaseLeases()).leases.map(({ ID }) => ID);

/** How often the server has carried out a method, and what it keeps: by the metrics it publishes. */
async function metric(name: string, method?: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', server.url))).text();
  const labels = method ? `\\{[^}]*grpc_method="${method}"[^}]*\\}` : '';
  const lines = text.matchAll(new RegExp(`^${name}${labels} (\\S+)$`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}
const requests = (method: string) => metric('grpc_server_msg_received_total', method);
const watchers = () => metric('etcd_debugging_mvcc_watcher_total');

describe('etcd', () => {
  it('takes one transaction to lock a free lock and one to release it', async () => {
    const lock = await openLock();
    await lock.withLock(resourceName(), options, async () => undefined); // the session is open
    const before = [await requests('Txn'), await requests('Range'), await requests('Watch')];
    for (let i = 0; i < 20; i++) await lock.withLock(resourceName(), options, async () => undefined);
    expect([await requests('Txn'), await requests('Range'), await requests('Watch')]).toEqual([
      before[0]! + 40,
      before[1],
      before[2],
    ]);
  });

  it('wakes only the next of many waiters', async () => {
    const resource = resourceName();
    const lock = await openLock();
    const holder = await hold(lock, resource, options);
    let turn: () => void = () => undefined;
    const served = new Promise<void>((resolve) => (turn = resolve));
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const waiting = Array.from({ length: 8 }, () =>
      lock.withLock(resource, options, async () => {
        turn();
        await ended;
      }),
    );
    await queued(resource, 9);
    await eventually('every waiter watches one key', async () => (await watchers()) === 8);
    const before = {
      ranges: await requests('Range'),
      events: await metric('etcd_debugging_mvcc_events_total'),
    };
    await holder.release();
    await within(5_000, 'the next one is served', served);
    expect(await requests('Range')).toBe(before.ranges + 1);
    expect(await metric('etcd_debugging_mvcc_events_total')).toBe(before.events + 1);
    end();
    await Promise.all(waiting);
  });

  it('tells what TTL the server has granted: whole seconds, and not below its minimum', async () => {
    const driver = await open();
    for (const [asked, granted] of [
      [300, 2_000],
      [2_500, 3_000],
    ] as const) {
      const grant = await driver.acquire(resourceName(), { ttl: asked, signal: notAborted() });
      expect(grant.ttl).toBe(granted);
      await grant.release();
    }
  });

  it('counts the create revision of its key as token', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, options);
    const { kvs } = await operator.getAll().prefix(`lock/${resource}/`).exec();
    expect(kvs.map(({ create_revision }) => BigInt(create_revision))).toEqual([held.lease.token]);
    await held.release();
  });

  it('keeps a resource apart from one whose name goes on after a slash', async () => {
    const resource = resourceName();
    const lock = await openLock();
    const longer = await hold(lock, `${resource}/b`, options);
    const inside = await lock.withLock(resource, { ...options, wait: 2_000 }, async () => 'in');
    expect(inside).toBe('in');
    await longer.release();
  });

  it('keeps all locks of a TTL alive by one lease, and revokes it when it closes', async () => {
    const before = await leases();
    const driver = await createLockDriver('etcd', { etcd: server.url.split(',') });
    const signal = notAborted();
    const names = Array.from({ length: 5 }, resourceName);
    await Promise.all(names.map((name) => driver.acquire(name, { ttl: 10_000, signal })));
    expect((await leases()).filter((id) => !before.includes(id))).toHaveLength(1);
    await driver.close();
    expect(await leases()).toEqual(before);
    for (const name of names) expect(await queue(name)).toEqual([]);
  });

  it('leaves no key, lease or watch after many contended cycles', async () => {
    const before = await leases();
    const resource = resourceName();
    const drivers = await Promise.all([1, 2].map(() => createLockDriver('etcd', { etcd: [server.url] })));
    const locks = drivers.map((driver) => new Lock(driver));
    const cycles = Array.from({ length: 16 }, async (_, i) => {
      for (let cycle = 0; cycle < 25; cycle++)
        await locks[i % 2]!.withLock(resource, options, async () => undefined);
    });
    await Promise.all(cycles);
    expect(await queue(resource)).toEqual([]);
    await eventually('the last watch is cancelled', async () => (await watchers()) === 0);
    await Promise.all(drivers.map((driver) => driver.close()));
    expect(await leases()).toEqual(before);
  });

  it('tells the holder, within a third of the TTL, that an operator deleted its key', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, { ...options, ttl: 3_000 });
    await operator.delete().prefix(`lock/${resource}/`);
    await within(2_000, 'the lease is lost', aborted(held.lease.signal));
    await expect(held.release()).rejects.toBeInstanceOf(LockLostError);
  });

  it('tells all holders of a session that its lease was revoked, and goes on with another', async () => {
    const before = await leases();
    const lock = await openLock();
    const [one, two] = await Promise.all(
      [1, 2].map(() => hold(lock, resourceName(), { ...options, ttl: 3_000 })),
    );
    const ours = (await leases()).find((id) => !before.includes(id));
    await operator.leaseClient.leaseRevoke({ ID: ours });
    await within(
      2_000,
      'both are lost',
      Promise.all([aborted(one!.lease.signal), aborted(two!.lease.signal)]),
    );
    await expect(one!.release()).rejects.toBeInstanceOf(LockLostError);
    await expect(two!.release()).rejects.toBeInstanceOf(LockLostError);
    expect(await lock.withLock(resourceName(), { ...options, ttl: 3_000 }, async () => 'in')).toBe('in');
  });

  it('queues a waiter again whose key, or lease, went while it waited', async () => {
    const resource = resourceName();
    const holder = await hold(await openLock(), resource, options);
    const before = await leases();
    const waiting = (await openLock()).withLock(resource, { ...options, ttl: 3_000 }, async () => 'in');
    await queued(resource, 2);
    const ours = (await leases()).find((id) => !before.includes(id));
    await operator.leaseClient.leaseRevoke({ ID: ours });
    await queued(resource, 1);
    await queued(resource, 2, 5_000); // with another lease, and not only when it looks without news
    await operator.delete().key((await queue(resource))[1]!);
    await holder.release();
    expect(await waiting).toBe('in');
  });

  it('looks again when the revision to watch from is compacted, or the stream is lost', async () => {
    const { proxy, url } = await openProxy();
    const etcd = openClient([url]);
    const deletions = new Deletions(etcd);
    const key = Buffer.from(resourceName());
    const { header } = await operator.put(key).value('');
    await operator.kv.compact({ revision: header.revision, physical: true });
    await within(5_000, 'a compacted revision is told', deletions.next(key, 1n, []));
    const next = deletions.next(key, BigInt(header.revision) + 1n, []);
    await eventually('it watches', async () => (await watchers()) === 1);
    proxy.cut();
    await within(5_000, 'a lost stream is told', next);
    deletions.close();
    etcd.close();
  });

  it('keeps holder and waiter over a crash of the server', async () => {
    const resource = resourceName();
    const holder = await hold(await openLock(), resource, options);
    const waiting = (await openLock()).withLock(resource, options, async (lease) => lease.token!);
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
    const refused = () => lock.withLock(resourceName(), { ttl: 2_000, wait: 30_000 }, async () => 'in');
    for (const fault of [() => proxy.cut(), () => proxy.blackhole()]) {
      fault();
      await expect(within(8_000, 'it is refused', refused())).rejects.toBeInstanceOf(
        LockBackendUnavailableError,
      );
      proxy.heal();
      expect(await within(8_000, 'it is granted', refused())).toBe('in');
    }
  });
});

describe('etcd, when an answer is lost', () => {
  it('takes one place in the queue, and finds it again', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    await lock.withLock(resourceName(), options, async () => undefined); // the session is open
    proxy.holdAnswers();
    const work = lock.withLock(resource, options, async (lease) => lease.token!);
    await queued(resource, 1);
    const [created] = (await operator.getAll().prefix(`lock/${resource}/`).exec()).kvs;
    proxy.cut(); // with the answer
    proxy.heal();
    expect(await within(8_000, 'it is granted', work)).toBe(BigInt(created!.create_revision));
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

  it('does not let a put in that arrives after its caller has left', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const etcd = openClient([url]);
    const session = await Session.open(etcd, 10);
    const place = new EtcdPlace(etcd, new Deletions(etcd), session, 'lock', resource);
    proxy.holdAnswers();
    const entering = place.enter();
    await queued(resource, 1);
    proxy.cut();
    proxy.heal();
    await entering;
    await place.leave();
    await place.enter(); // the same transaction as the put that was not answered
    expect(await queue(resource)).toEqual([]);
    await session.end();
    etcd.close();
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

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
