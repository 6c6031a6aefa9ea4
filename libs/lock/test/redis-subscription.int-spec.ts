import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { ownConnection } from '../src/drivers/own-connection.js';
import { WakeUps } from '../src/drivers/redis/wake-ups.js';

it('listens again although the first reconnect got no answer either, and ends no process', async () => {
  const url = new URL(inject('redisUrl'));
  const relay = await TcpProxy.to(url.hostname, Number(url.port));
  onTestFinished(() => relay.close());
  const direct = new Redis(url.href);
  onTestFinished(() => direct.disconnect());
  const behind = Object.assign(new URL(url), { port: relay.port }).href;
  const redis = ownConnection(new Redis(behind, { lazyConnect: true }), {});
  onTestFinished(() => redis.disconnect());

  const channel = randomUUID();
  await new WakeUps(redis, channel).ready();
  const listening = async () => Number((await direct.pubsub('NUMSUB', channel))[1]);
  expect(await listening()).toBe(1);

  redis.once('ready', () => void relay.forget());
  relay.cut();
  await vi.waitFor(async () => expect(await listening()).toBe(0), 5_000);
  relay.heal();
  await vi.waitFor(async () => expect(await listening()).toBe(1), 15_000);
});
