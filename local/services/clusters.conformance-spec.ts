import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isEtcdLeader, startEtcdCluster } from './etcd.js';
import { cutOff, partition, promoted, roleOf, startReplicatedRedis, successorOf } from './redis-sentinel.js';
import { askRedis, startRedisProgram } from './redis.js';
import type { Service } from './service.js';
import { skewedClock } from './skewed-clock.js';
import { isZookeeperLeader, startZookeeperEnsemble } from './zookeeper.js';

const started: Service[] = [];
afterAll(() => Promise.all(started.map((server) => server.kill())));

const bounded = { timeout: 30_000, interval: 100 };

describe.each([
  { name: 'etcd', start: startEtcdCluster, isLeader: isEtcdLeader },
  { name: 'ZooKeeper', start: startZookeeperEnsemble, isLeader: isZookeeperLeader },
])('three members of $name', ({ start, isLeader }) => {
  it('choose another leader when theirs is killed, and take it back', async () => {
    const members = await start();
    started.push(...members);
    const leaders = async () => {
      const leading = await Promise.all(members.map(({ url }) => isLeader(url)));
      return members.filter((_, i) => leading[i]);
    };
    await expect.poll(leaders, bounded).toHaveLength(1);
    const [leader] = await leaders();
    await leader!.kill();
    await expect.poll(leaders, bounded).toHaveLength(1);
    await leader!.start();
    expect(await leaders()).toHaveLength(1);
  });
});

describe('a Redis with replicas and a Sentinel', () => {
  it('has a new primary when the old one is killed, without what a replica that was cut off has not seen', async () => {
    const redis = await startReplicatedRedis(2);
    started.push(...redis.sentinels, redis.primary, ...redis.replicas);
    const [first, second] = redis.replicas;
    await cutOff(first!);
    const acknowledged = await askRedis(redis.primary.url, async (client) => {
      await client.set('key', 'value');
      return client.wait(1, 5_000);
    });
    expect(acknowledged).toBe(1);
    await redis.primary.kill();
    await promoted(redis, first!);
    expect(await askRedis(first!.url, (client) => client.get('key'))).toBeNull();
    const follows = () => askRedis(second!.url, (client) => client.get('key'));
    await expect.poll(follows, { ...bounded, message: 'the other replica follows' }).toBeNull();
  });

  it('has two primaries while the old one is cut off from the others, and then takes it back as a replica', async () => {
    const redis = await startReplicatedRedis(2, { sentinels: 3, choice: 'most' });
    started.push(...redis.sentinels, redis.primary, ...redis.replicas);
    const heal = await partition(redis.primary);
    const successor = await successorOf(redis);
    expect(await Promise.all([redis.primary, successor].map(roleOf))).toEqual(['master', 'master']);
    await heal();
    await expect.poll(() => roleOf(redis.primary), bounded).toBe('slave');
  });
});

describe('a server', () => {
  it('is frozen: it answers nobody, and goes on with the clients that it had', async () => {
    const server = await startRedisProgram({});
    started.push(server);
    const thaw = await server.freeze();
    const answered = askRedis(server.url, (client) => client.ping());
    await expect(Promise.race([answered, sleep(500, 'nothing')])).resolves.toBe('nothing');
    thaw();
    expect(await answered).toBe('PONG');
  });
});

describe('a clock of its own', () => {
  it('jumps for one Redis: what it keeps for a minute is gone', async () => {
    const clock = await skewedClock();
    const server = await startRedisProgram({ clock, fsync: 'never' });
    started.push(server);
    await askRedis(server.url, (client) => client.set('key', 'value', 'PX', 60_000));
    expect(await askRedis(server.url, (client) => client.get('key'))).toBe('value');
    await clock.set(120_000);
    expect(await askRedis(server.url, (client) => client.get('key'))).toBeNull();
  });
});
