import { TcpProxy } from '@app/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { askRedis, startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';

/** What a Redis refuses that is there and answers. */

const password = 'for-tests';
const SOON = { timeout: 10_000, interval: 100 };

let first: Service;
let second: Service;
let relay: TcpProxy;
let api: Api;
let saleId: string;
beforeAll(async () => {
  [first, second] = await Promise.all([startRedisProgram({ password }), startRedisProgram({ password })]);
  relay = await TcpProxy.before(first.url);
  api = await Api.start({ REDIS_URL: relay.leadingTo(first.url) });
  saleId = (await api.sale()).id;
});
afterEach(async () => {
  await vi.waitFor(() => api.http.get('/health/ready').expect(200), SOON);
  await vi.waitFor(() => api.checkout(saleId).expect(202), SOON);
});
afterAll(async () => {
  await api.stop();
  await relay.close();
  await Promise.all([first.stop(), second.stop()]);
});

const admin = <T>(question: (redis: Redis) => Promise<T>) => askRedis(first.url, question);

async function refused(reason: string) {
  const { headers } = await api.checkout(saleId).expect(problem('REDIS_UNAVAILABLE'));
  expect(headers['retry-after']).toBe('1');
  const { body } = await api.http.get('/health/ready').expect(problem('NOT_READY'));
  expect(body).toMatchObject({ down: ['redis'], detail: expect.stringContaining(reason) as string });
}

it('memory: it is not ready, and says why', async () => {
  await admin((redis) => redis.config('SET', 'maxmemory', '1'));
  await refused('OOM');
  await admin((redis) => redis.config('SET', 'maxmemory', '0'));
});

it('a script that does not end', async () => {
  await admin((redis) => redis.config('SET', 'busy-reply-threshold', '100'));
  const killer = new Redis(first.url);
  await killer.ping(); // while it can still connect
  const endless = admin((redis) => redis.eval('while true do end', 0)).catch(() => undefined);
  await vi.waitFor(() => refused('BUSY'), SOON);
  await killer.call('SCRIPT', 'KILL');
  killer.disconnect();
  await endless;
});

it('writes, since it became a replica: another server at the same address serves within seconds', async () => {
  await admin((redis) => redis.replicaof('127.0.0.1', Number(new URL(second.url).port)));
  await refused('takes no writes');
  relay.leadTo('127.0.0.1', Number(new URL(second.url).port));
});
