import { RelayedChannel } from '@app/testing';
import { Redis } from 'ioredis';
import { expect, inject, it, onTestFinished } from 'vitest';
import { ownConnection } from '../src/connections/redis-connection.js';
import { WakeUps } from '../src/drivers/redis/wake-ups.js';

const SOON = { timeout: 20_000, interval: 50 };

it('listens again although the first reconnect got no answer either, and ends no process', async () => {
  const channel = await RelayedChannel.of(inject('redisUrl'));
  onTestFinished(() => channel.close());
  const redis = ownConnection(new Redis(channel.url, { lazyConnect: true }), {});
  onTestFinished(() => redis.disconnect());
  await new WakeUps(redis, channel.name).ready();
  expect(await channel.listened()).toBe(true);

  channel.lose(redis as Redis);
  await expect.poll(channel.listened, SOON).toBe(false);
  channel.relay.heal();
  await expect.poll(channel.listened, SOON).toBe(true);
}, 60_000);
