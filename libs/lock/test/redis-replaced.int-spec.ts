import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newPassword, startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { createLockDriver, Lock } from '../src/index.js';
import { nothing, outcomeOf } from './conformance/check.js';
import { eventually } from './support/eventually.js';

let servers: Service[];
beforeAll(async () => {
  const password = newPassword();
  const start = () => startRedisProgram({ password });
  servers = await Promise.all([start(), start()]);
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const options = { ttl: 5_000, wait: 0 };

// A fixed address, such as that of a Kubernetes service, leads to another server; connections stay where they are.
it.each(['redis', 'redis-setnx'] as const)(
  '%s leaves a server that became a replica, within seconds, for the one that its address leads to by then',
  async (name) => {
    const [before, after] = servers.map(({ url }) => new URL(url)) as [URL, URL];
    const operator = new Redis(before.href);
    const relay = await TcpProxy.before(before.href);
    const redis = new Redis(relay.leadingTo(before.href), { lazyConnect: true });
    const driver = await createLockDriver(name, { redis });
    const lock = new Lock(driver);
    const locks = async () => (await outcomeOf(lock.withLock(name, options, nothing))) === 'granted';
    expect(await locks()).toBe(true);
    relay.leadTo(after.hostname, Number(after.port));
    await operator.replicaof('127.0.0.1', 1);
    await eventually('it locks', locks, 5_000);
    await operator.replicaof('NO', 'ONE');
    await driver.close();
    operator.disconnect();
    redis.disconnect();
    await relay.close();
  },
);
