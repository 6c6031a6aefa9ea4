import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../tools/services/service.js';
import { startZookeeper } from '../../../tools/services/zookeeper.js';
import { createLockDriver, Lock, LockBackendUnavailableError, LockLostError } from '../src/index.js';
import type { LockDriver } from '../src/index.js';
import { eventually, within } from './support/eventually.js';
import { hold } from './support/hold.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { ZookeeperOperator } from './support/zookeeper-operator.js';

const options = { ttl: 20_000, wait: 20_000 };
const notAborted = () => new AbortController().signal;

let server: Service;
let operator: ZookeeperOperator;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startZookeeper();
  operator = await ZookeeperOperator.at(server.url);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await operator.close();
  await server.stop();
});

const open = async (url = server.url): Promise<LockDriver> => {
  const driver = await createLockDriver('zookeeper', { zookeeper: url });
  closing.push(() => driver.close());
  return driver;
};
const openLock = async (url?: string) => new Lock(await open(url));
const openProxy = async () => {
  const { hostname, port } = new URL(`tcp://${server.url}`);
  const proxy = await TcpProxy.to(hostname, Number(port));
  closing.push(() => proxy.close());
  return { proxy, url: `127.0.0.1:${proxy.port}` };
};

/** As if the client had been cut off for longer than its session lasts. */
async function expire(proxy: TcpProxy, node: string) {
  proxy.cut();
  await operator.expireOwner(node);
  proxy.heal();
}

let n = 0;
const resourceName = () => `zookeeper:${process.pid}:${Date.now()}:${++n}`;
const queued = (resource: string, length: number) =>
  eventually(`${length} nodes are queued`, async () => (await operator.queue(resource)).length === length);
const nothing = async () => undefined;

describe('zookeeper: sessions', () => {
  it('reports the TTL that the server makes of the one asked for', async () => {
    const driver = await open();
    const asked = [10, 5_000, 3_600_000];
    const grants = await Promise.all(
      asked.map((ttl) => driver.acquire(resourceName(), { ttl, signal: notAborted() })),
    );
    expect(grants.map(({ ttl }) => ttl)).toEqual([1_000, 5_000, 600_000]);
  });

  it('tells all holders of a session that ended, and opens a new one for the next', async () => {
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    const [a, b] = [resourceName(), resourceName()];
    const [first, second] = [await hold(lock, a, options), await hold(lock, b, options)];
    await expire(proxy, (await operator.queue(a))[0]!);
    await eventually('both holders know', () => first.lease.signal.aborted && second.lease.signal.aborted);
    await expect(first.release()).rejects.toBeInstanceOf(LockLostError);
    await expect(second.release()).rejects.toBeInstanceOf(LockLostError);
    const token = await lock.withLock(a, options, async (lease) => lease.token!);
    expect(token).toBeGreaterThan(first.lease.token!);
  });

  it('says so to those who wait with a session that ended', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, options);
    const { proxy, url } = await openProxy();
    const waiting = (await openLock(url))
      .withLock(resource, options, nothing)
      .catch((error: unknown) => error);
    await queued(resource, 2);
    await expire(proxy, (await operator.queue(resource))[1]!);
    expect(await waiting).toBeInstanceOf(LockBackendUnavailableError);
    await held.release();
  });

  it('keeps places and leases over a crash of the server', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, options);
    const waiting = (await openLock()).withLock(resource, options, async (lease) => lease.token!);
    await queued(resource, 2);
    await server.kill();
    await server.start();
    await held.release();
    expect(await waiting).toBeGreaterThan(held.lease.token!);
    await queued(resource, 0);
  });

  it('is unavailable while the server is down, for a new session and an old one, and works on afterwards', async () => {
    const known = await openLock();
    await known.withLock(resourceName(), options, nothing);
    await server.kill();
    const locks = [known, await openLock()];
    for (const lock of locks) {
      const asking = lock.withLock(resourceName(), options, nothing);
      await expect(asking).rejects.toMatchObject({ code: 'LOCK_BACKEND_UNAVAILABLE' });
    }
    await server.start();
    for (const lock of locks) {
      const works = () => lock.withLock(resourceName(), options, async () => true).catch(() => false);
      await eventually('it works again', works);
    }
  });

  it('counts a server that is silent for a TTL as a lost session, and finds the way back', async () => {
    const { proxy, url } = await openProxy();
    const lock = await openLock(url);
    const resource = resourceName();
    const held = await hold(lock, resource, { ttl: 1_000, wait: 5_000 });
    proxy.blackhole();
    await eventually('the holder knows', () => held.lease.signal.aborted);
    expect(held.lease.signal.reason).toBeInstanceOf(LockLostError);
    await expect(held.release()).rejects.toBeInstanceOf(LockLostError);
    await (await openLock()).withLock(resource, options, nothing); // the server has given it up too
    proxy.heal();
    const works = () => lock.withLock(resource, { ttl: 1_000, wait: 5_000 }, async () => true);
    await eventually('it works again', () => works().catch(() => false));
  });

  it('leaves a server that went silent in time to keep the session', async () => {
    const { proxy, url } = await openProxy();
    const silent = await openProxy();
    const held = await hold(await openLock(`${url},${silent.url}`), resourceName(), {
      ttl: 6_000,
      wait: 5_000,
    });
    const [used, other] =
      proxy.requests > silent.proxy.requests ? [proxy, silent.proxy] : [silent.proxy, proxy];
    const before = other.requests;
    used.blackhole();
    await eventually('it uses the other way', () => other.requests > before);
    const { expiresAt } = held.lease;
    await eventually('the lease goes on', () => held.lease.expiresAt > expiresAt);
    await held.release();
  });

  it('does without a member that is down', async () => {
    const lock = await openLock(`127.0.0.1:1,${server.url}`);
    expect(await lock.withLock(resourceName(), options, async () => 'in')).toBe('in');
  });

  it('closes, whether the server answers, is silent or is down', async () => {
    const before = await operator.figure('zk_num_alive_connections');
    const { proxy, url } = await openProxy();
    const [one, two] = [await open(), await open(url)];
    const resource = resourceName();
    for (const driver of [one, two])
      void driver.acquire(resource, { ttl: 1_000, signal: notAborted() }).catch(nothing);
    await queued(resource, 2);
    await one.close();
    await queued(resource, 1);
    proxy.blackhole();
    await within(5_000, 'closing', two.close());
    proxy.cut();
    await queued(resource, 0);
    const connections = () => operator.figure('zk_num_alive_connections');
    await eventually('no connection is left', async () => (await connections()) === before);
  });
});

describe('zookeeper: nodes', () => {
  it('tells the holder, when it extends, that an operator deleted its node', async () => {
    const resource = resourceName();
    const held = await hold(await openLock(), resource, { ttl: 1_000, wait: 5_000 });
    await operator.remove((await operator.queue(resource))[0]!);
    await eventually('the holder knows', () => held.lease.signal.aborted, 2_000);
    await expect(held.release()).rejects.toBeInstanceOf(LockLostError);
  });

  it('queues a waiter anew whose node an operator deleted', async () => {
    const resource = resourceName();
    const lock = await openLock();
    const held = await hold(lock, resource, options);
    const waiting = lock.withLock(resource, options, async () => 'in');
    await queued(resource, 2);
    await operator.remove((await operator.queue(resource))[1]!);
    await held.release();
    expect(await waiting).toBe('in');
    await queued(resource, 0);
  });

  it('keeps every name apart from every other', async () => {
    const names = ['.', '..', '/', 'a/b', 'a%2Fb', 'a', 'zookeeper', 'ü ✓', '\u0000'];
    const lock = await openLock();
    const held = await Promise.all(names.map((name) => hold(lock, name, { ...options, wait: 5_000 })));
    expect(await operator.parents(names)).toBe(names.length);
    await Promise.all(held.map((each) => each.release()));
    await eventually('no parent is left', async () => (await operator.parents(names)) === 0);
  });

  it('gives out growing tokens also when the parent has gone and its numbers start again', async () => {
    const resource = resourceName();
    const lock = await openLock();
    const seen: { token: bigint; node: string }[] = [];
    for (let i = 0; i < 3; i++) {
      await lock.withLock(resource, options, async (lease) => {
        const [node] = await operator.queue(resource);
        seen.push({ token: lease.token!, node: node!.slice(-10) });
      });
      await eventually('the parent has gone', async () => (await operator.parents([resource])) === 0);
    }
    expect(seen.map(({ node }) => node)).toEqual(['0000000000', '0000000000', '0000000000']);
    expect(seen[1]!.token).toBeGreaterThan(seen[0]!.token);
    expect(seen[2]!.token).toBeGreaterThan(seen[1]!.token);
  });

  it('removes, a TTL after a process has begun, the parents that crashed ones have left', async () => {
    const resource = resourceName();
    const { proxy, url } = await openProxy();
    const held = await hold(await openLock(url), resource, options);
    await expire(proxy, (await operator.queue(resource))[0]!);
    await eventually('the holder knows', () => held.lease.signal.aborted);
    await expect(held.release()).rejects.toBeInstanceOf(LockLostError);
    expect(await operator.parents([resource])).toBe(1);
    await (await openLock()).withLock(resourceName(), { ttl: 1_000, wait: 5_000 }, nothing);
    await eventually('the parent has gone', async () => (await operator.parents([resource])) === 0);
  });

  it('leaves no node and no watch after many cycles of several processes', async () => {
    const [one, two] = [await openLock(), await openLock()];
    await Promise.all([one, two].map((lock) => lock.withLock(resourceName(), options, nothing)));
    const resources = Array.from({ length: 5 }, resourceName);
    const cycle = async (lock: Lock) => {
      for (let i = 0; i < 100; i++) await lock.withLock(resources[i % 5]!, options, nothing);
    };
    await Promise.all([one, one, one, two, two, two].map(cycle));
    await eventually('no parent is left', async () => (await operator.parents(resources)) === 0);
    expect(await operator.figure('zk_ephemerals_count')).toBe(0);
    expect(await operator.figure('zk_watch_count')).toBe(0);
  });

  it('keeps one watch on a holder however many gave up waiting for it', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error) => warnings.push(warning);
    process.on('warning', hear);
    closing.push(async () => process.off('warning', hear));
    const resource = resourceName();
    const lock = await openLock();
    const held = await hold(lock, resource, options);
    for (let i = 0; i < 30; i++) {
      const caller = new AbortController();
      const waiting = lock.withLock(resource, { ...options, signal: caller.signal }, nothing);
      await queued(resource, 2);
      await eventually('it watches', async () => (await operator.figure('zk_watch_count')) > 0);
      caller.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
      await queued(resource, 1);
    }
    expect(await operator.figure('zk_watch_count')).toBe(1);
    await held.release();
    expect(await operator.figure('zk_watch_count')).toBe(0);
    expect(warnings).toEqual([]); // MaxListenersExceededWarning, if the library piled up listeners
  });
});

describe('zookeeper: unknown outcomes', () => {
  /** A driver behind a link that can be broken, with its session open. */
  const behindProxy = async () => {
    const { proxy, url } = await openProxy();
    const driver = await open(url);
    await new Lock(driver).withLock(resourceName(), options, nothing);
    return { proxy, driver };
  };
  const reconnect = (proxy: TcpProxy) => {
    proxy.cut();
    proxy.heal();
  };

  it('finds the node whose creation was not answered, and creates no second one', async () => {
    const { proxy, driver } = await behindProxy();
    const resource = resourceName();
    proxy.holdAnswers();
    const acquiring = driver.acquire(resource, { ...options, signal: notAborted() });
    await queued(resource, 1);
    const created = await operator.queue(resource);
    reconnect(proxy);
    const grant = await acquiring;
    expect(await operator.queue(resource)).toEqual(created);
    expect(await grant.extend!(options.ttl)).toBe(true);
    expect(await grant.release()).toBe(true);
    await queued(resource, 0);
  });

  it('asks again when the request itself was lost', async () => {
    const { proxy, driver } = await behindProxy();
    const resource = resourceName();
    const sent = proxy.requests;
    proxy.blackhole();
    const acquiring = driver.acquire(resource, { ...options, signal: notAborted() });
    await eventually('the request is under way', () => proxy.requests > sent);
    reconnect(proxy);
    const grant = await acquiring;
    expect(await operator.queue(resource)).toHaveLength(1);
    expect(await grant.release()).toBe(true);
  });

  it('takes back the node of a caller that gave up before the answer', async () => {
    const { proxy, driver } = await behindProxy();
    const resource = resourceName();
    proxy.holdAnswers();
    const caller = new AbortController();
    const acquiring = driver.acquire(resource, { ...options, signal: caller.signal });
    await queued(resource, 1);
    caller.abort(new Error('no more'));
    await expect(acquiring).rejects.toThrow('no more');
    reconnect(proxy);
    await queued(resource, 0);
  });

  it('takes back the node of a caller that was told the servers do not answer', async () => {
    const { proxy, driver } = await behindProxy();
    const resource = resourceName();
    proxy.holdAnswers();
    const acquiring = driver.acquire(resource, { ...options, signal: notAborted() });
    await expect(acquiring).rejects.toBeInstanceOf(LockBackendUnavailableError);
    await queued(resource, 1);
    proxy.heal();
    await queued(resource, 0);
  });

  it('knows its own release again when the answer to it was lost', async () => {
    const { proxy, driver } = await behindProxy();
    const resource = resourceName();
    const grant = await driver.acquire(resource, { ...options, signal: notAborted() });
    proxy.holdAnswers();
    const releasing = grant.release();
    await queued(resource, 0);
    reconnect(proxy);
    expect(await releasing).toBe(true);
    expect(await grant.release()).toBe(false);
  });

  it('does not take a lost answer for the loss of the lease', async () => {
    const { proxy, driver } = await behindProxy();
    const held = await hold(new Lock(driver), resourceName(), options);
    const { expiresAt } = held.lease;
    proxy.holdAnswers();
    reconnect(proxy);
    await eventually('the lease goes on', () => held.lease.expiresAt > expiresAt);
    await held.release();
  });
});
