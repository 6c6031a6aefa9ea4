import { openRedis } from '@app/servers';
import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { OutcomeListener } from '../src/outcomes.js';

it('hears again although the first reconnect got no answer either, and ends no process', async () => {
  const url = new URL(inject('redisUrl'));
  const relay = await TcpProxy.to(url.hostname, Number(url.port));
  onTestFinished(() => relay.close());
  const direct = new Redis(url.href);
  onTestFinished(() => direct.disconnect());
  const behind = Object.assign(new URL(url), { port: relay.port }).href;
  const log = { warn: () => undefined };
  const redis = openRedis(behind, { name: 'test', patience: 'requests' }, log);
  onTestFinished(() => redis.disconnect());

  const replica = randomUUID();
  await new OutcomeListener(redis, replica).listen();
  const channels = async () => (await direct.pubsub('CHANNELS', `*${replica}*`)) as string[];
  expect(await channels()).toHaveLength(1);

  redis.once('ready', () => void relay.forget());
  relay.cut();
  await vi.waitFor(async () => expect(await channels()).toHaveLength(0), 5_000);
  relay.heal();
  await vi.waitFor(async () => expect(await channels()).toHaveLength(1), 15_000);
});
