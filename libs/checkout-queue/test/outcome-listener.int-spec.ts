import { openRedis, readyRedis } from '@app/servers';
import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { OutcomeListener } from '../src/outcomes.js';

let relay: TcpProxy;
let direct: Redis;
let redis: Redis;
let replica: string;
beforeEach(async () => {
  const url = new URL(inject('redisUrl'));
  relay = await TcpProxy.to(url.hostname, Number(url.port));
  direct = new Redis(url.href);
  const behind = Object.assign(new URL(url), { port: relay.port }).href;
  redis = openRedis(behind, { name: 'test', patience: 'requests' }, { warn: () => undefined });
  replica = randomUUID();
});
afterEach(async () => {
  redis.disconnect();
  direct.disconnect();
  await relay.close();
});

const channels = async () => (await direct.pubsub('CHANNELS', `*${replica}*`)) as string[];
const hears = () =>
  vi.waitFor(async () => expect(await channels()).toHaveLength(1), { timeout: 15_000, interval: 50 });

it('hears again although the first reconnect got no answer either, and ends no process', async () => {
  await new OutcomeListener(redis, replica).listen();
  expect(await channels()).toHaveLength(1);

  redis.once('ready', () => void relay.forget());
  relay.cut();
  await vi.waitFor(async () => expect(await channels()).toHaveLength(0), 5_000);
  relay.heal();
  await hears();
});

it('hears in the end although Redis is silent when it begins to', async () => {
  await readyRedis(redis);
  void relay.forget();
  await new OutcomeListener(redis, replica).listen();
  await hears();
});
