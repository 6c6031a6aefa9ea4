import { TcpProxy } from '@app/testing';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { startReplicas } from '../../../tools/stack/replica.js';
import { Stack } from '../../../tools/stack/stack.js';
import { Shopper } from './shopper.js';

/** Milliseconds within which a worker must be back, or another one must sell in its place. */
const REDIS_BACK = 10_000;
const SOLD = 12_000;

const servers = { databaseUrl: inject('databaseUrl'), redisUrl: inject('redisUrl') };
const behind = (url: string, { port }: TcpProxy) =>
  Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
const relayTo = (url: string) => TcpProxy.to(new URL(url).hostname, Number(new URL(url).port));

let postgres: TcpProxy;
let redis: TcpProxy;
let stack: Stack;
let shopper: Shopper;
beforeAll(async () => {
  postgres = await relayTo(servers.databaseUrl);
  redis = await relayTo(servers.redisUrl);
  stack = new Stack({ ...servers, stop: async () => undefined });
  await stack.migrate();
  await stack.startApis(1);
  const relayed = {
    DATABASE_URL: behind(servers.databaseUrl, postgres),
    REDIS_URL: behind(servers.redisUrl, redis),
  };
  stack.workers = await startReplicas('checkout-worker', 'worker', 1, { ...stack.env, ...relayed });
  shopper = new Shopper(stack);
}, 60_000);
afterAll(async () => {
  await stack.stop();
  await postgres.close();
  await redis.close();
});

const isReady = async () => expect((await fetch(`${stack.workers[0]!.url}/health/ready`)).status).toBe(200);

it('a worker whose connections to Redis all fall silent has new ones, and sells, within 10 s', async () => {
  const saleId = await shopper.openSale('redis', 100);
  await shopper.reserve(saleId);
  const begun = performance.now();
  const left = redis.forget().then(() => performance.now() - begun);
  await shopper.stampede(saleId, 10);
  expect(await shopper.drained(saleId, REDIS_BACK + 2_000)).toMatchObject({ held: 11, conserved: true });
  await vi.waitFor(isReady, { timeout: 5_000 });
  expect(await left).toBeLessThan(REDIS_BACK);
  await shopper.reserve(saleId);
}, 60_000);

it.each(['redis', 'row-lock'])(
  'a worker whose connections to Postgres all fall silent sells by %s within 12 s',
  async (strategy) => {
    const saleId = await shopper.openSale(strategy, 100);
    await shopper.reserve(saleId);
    void postgres.forget();
    await shopper.stampede(saleId, 10);
    expect(await shopper.drained(saleId, SOLD)).toMatchObject({ held: 11, oversold: 0, conserved: true });
    await vi.waitFor(isReady, { timeout: 5_000 });
  },
  60_000,
);
