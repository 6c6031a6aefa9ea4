import { createHash } from 'node:crypto';
import { ACL, createClient, Id, Permission } from 'node-zookeeper-client';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { startEtcd } from '../../../local/services/etcd.js';
import { startGuardedConsul, startGuardedEtcd } from '../../../local/services/guarded.js';
import { startMysql } from '../../../local/services/mysql.js';
import { startRedlockServers } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { startZookeeper } from '../../../local/services/zookeeper.js';
import {
  createLockDriver,
  Lock,
  type LockBackends,
  type LockDriver,
  type LockDriverName,
  type LockError,
} from '../src/index.js';
import { nothing, outcomeOf } from './conformance/check.js';
import { eventually, within } from './support/eventually.js';
import { hold } from './support/hold.js';

const chosen = process.env.CONFORMANCE_DRIVERS?.split(',');
const isChosen = (name: LockDriverName) => chosen?.includes(name) ?? true;
const options = { ttl: 10_000, wait: 20_000 };

const servers: Service[] = [];
const drivers: LockDriver[] = [];
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function lockOn(name: LockDriverName, backends: LockBackends): Promise<Lock> {
  const driver = await createLockDriver(name, backends);
  drivers.push(driver);
  return new Lock(driver);
}

/** Soon, although the caller would wait. */
async function expectDenied(name: LockDriverName, backends: LockBackends, remedy: RegExp) {
  const asking = (await lockOn(name, backends)).withLock('r', options, nothing);
  const outcome = asking.then(
    () => 'granted',
    (error: LockError) => `${error.code}: ${error.message}`,
  );
  expect(await within(5_000, 'it is denied', outcome)).toMatch(
    new RegExp(`^LOCK_DENIED: .*${remedy.source}`),
  );
}

/** Two clients with a lock, a hand-over and tokens that are moved on: all that a driver asks of its store. */
async function expectServed(name: LockDriverName, backends: LockBackends) {
  const [one, two] = [await lockOn(name, backends), await lockOn(name, backends)];
  const held = await hold(one, 'r', options);
  const waiting = two.withLock('r', options, async () => 'in');
  await held.release();
  expect(await within(10_000, 'the waiter is served', waiting)).toBe('in');
  await one.reseed('r', 1_000_000n);
  expect(await two.withLock('r', options, async ({ token }) => token)).toBeGreaterThan(1_000_000n);
}

describe.runIf(isChosen('etcd'))('etcd with authentication', { timeout: 60_000 }, () => {
  it('says what to do to a client that it does not know, or that may not lock', async () => {
    const { server, url, wrong, stranger } = await startGuardedEtcd();
    servers.push(server);
    await expectDenied('etcd', { etcd: [url] }, /put a user and a password into its URLs/);
    await expectDenied('etcd', { etcd: [wrong] }, /correct the user and the password/);
    await expectDenied(
      'etcd',
      { etcd: [stranger] },
      /a role that may read and write the keys that begin with lock/,
    );
  });

  it('locks for one that it knows, also one that waits while its token is forgotten', async () => {
    const { locker, server } = await startGuardedEtcd();
    servers.push(server);
    const etcd = [locker];
    const [one, two] = [await lockOn('etcd', { etcd }), await lockOn('etcd', { etcd })];
    const held = await hold(one, 'r', options);
    expect(await outcomeOf(two.withLock('other', options, nothing))).toBe('granted');
    const waiting = two.withLock('r', { ...options, wait: 60_000 }, async () => 'in');
    await server.kill(); // tokens are in its memory
    await server.start();
    const again = async () => (await outcomeOf(one.withLock('other', options, nothing))) === 'granted';
    await eventually('it locks again', again);
    await outcomeOf(held.release());
    expect(await within(15_000, 'the waiter is served', waiting)).toBe('in');
    await expectServed('etcd', { etcd });
  });

  it('says what to do where there is none', async () => {
    const server = await startEtcd();
    servers.push(server);
    const etcd = [server.url.replace('//', '//user:password@')];
    await expectDenied('etcd', { etcd }, /leave the user and the password out/);
  });
});

describe.runIf(isChosen('consul'))('Consul that denies by default', { timeout: 60_000 }, () => {
  it('says what to do to a client without the right token, and locks for one with it', async () => {
    const { server, url, wrong, stranger, locker } = await startGuardedConsul();
    servers.push(server);
    for (const consul of [url, wrong, stranger])
      await expectDenied('consul', { consul }, /a token into its URL, http:\/\/:token@host:8500/);
    await expectServed('consul', { consul: locker });
  });
});

describe.runIf(isChosen('zookeeper'))('ZooKeeper with nodes for one user only', { timeout: 60_000 }, () => {
  it('says what to do to another client, and locks for that user', async () => {
    const server = await startZookeeper();
    servers.push(server);
    await reserveRootFor(server.url, 'locker', 'secret');
    await expectDenied('zookeeper', { zookeeper: server.url }, /user:password@host:2181/);
    await expectServed('zookeeper', { zookeeper: `locker:secret@${server.url}` });
  });
});

async function reserveRootFor(url: string, user: string, password: string) {
  const digest = createHash('sha1').update(`${user}:${password}`).digest('base64');
  const only = [new ACL(Permission.ALL, new Id('digest', `${user}:${digest}`))];
  const client = createClient(url);
  await new Promise<void>((resolve, reject) => {
    const create = () =>
      client.create('/lock', only, (error) => (error instanceof Error ? reject(error) : resolve()));
    client.once('connected', create).connect();
  });
  client.close();
}

describe.runIf(isChosen('mysql-get-lock'))('MySQL', { timeout: 60_000 }, () => {
  it('says what to do to a client with a wrong password', async () => {
    const server = await startMysql();
    servers.push(server);
    const mysql = server.url.replace(/:[^:@]*@/, ':wrong@');
    for (const name of ['mysql-key', 'mysql-key-lease', 'mysql-get-lock'] as const)
      await expectDenied(name, { mysql }, /correct the user and the password/);
  });
});

describe.runIf(isChosen('redlock'))('Redis', { timeout: 60_000 }, () => {
  it('says what to do to a client with a wrong password', async () => {
    const redlock = await startRedlockServers(3);
    servers.push(...redlock);
    const wrong = redlock.map(({ url }) => url.replace(/:[^:@]*@/, ':wrong@'));
    await expectDenied('redlock', { redlock: wrong }, /correct the user and the password/);
    const redis = new Redis(wrong[0]!, { lazyConnect: true });
    await expectDenied('redis', { redis }, /correct the user and the password/);
    await expectDenied('redis-setnx', { redis }, /correct the user and the password/);
    redis.disconnect();
  });
});
