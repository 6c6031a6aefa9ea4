import { openRedis, readyRedis } from '@app/servers';
import { RelayedChannel } from '@app/testing';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { OutcomeListener } from '../src/outcomes.js';

const SOON = { timeout: 20_000, interval: 50 };

let channel: RelayedChannel;
let redis: Redis;
beforeEach(async () => {
  channel = await RelayedChannel.of(inject('redisUrl'));
  const servers = { kind: 'one', url: channel.url } as const;
  redis = openRedis(servers, { name: 'test', patience: 'requests' }, { warn: () => undefined });
});
afterEach(async () => {
  redis.disconnect();
  await channel.close();
});

it('hears again although the first reconnect got no answer either, and ends no process', async () => {
  await new OutcomeListener(redis, channel.name).listen();
  expect(await channel.listened()).toBe(true);

  channel.lose(redis);
  await expect.poll(channel.listened, SOON).toBe(false);
  channel.relay.heal();
  await expect.poll(channel.listened, SOON).toBe(true);
}, 60_000);

it('hears in the end although Redis is silent when it begins to', async () => {
  await readyRedis(redis);
  void channel.relay.forget();
  await new OutcomeListener(redis, channel.name).listen();
  await expect.poll(channel.listened, SOON).toBe(true);
}, 60_000);
