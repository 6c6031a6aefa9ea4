import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { ShopRedis } from './shop-redis.js';

let shop: ShopRedis;
let address: string;
beforeAll(async () => {
  shop = await ShopRedis.start();
  const relay = await shop.relay();
  address = Object.assign(new URL(shop.url), { port: relay.port }).href;
  return () => relay.close();
});
afterAll(() => shop.stop());

/** Somebody who is connected to the Redis of the shop, as its processes are. */
async function customer() {
  const redis = new Redis(address, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  await redis.set('kept', 'by all means');
  return redis;
}

it('is read-only for a while', async () => {
  const redis = await customer();
  const end = await shop.readOnly();
  await expect(redis.set('a', 1)).rejects.toThrow(/^READONLY/);
  await end();
  expect(await redis.set('a', 1)).toBe('OK');
});

it('forgets its scripts', async () => {
  const redis = await customer();
  const digest = (await redis.script('LOAD', 'return 1')) as string;
  expect(await redis.evalsha(digest, 0)).toBe(1);
  await shop.scriptsFlushed();
  await expect(redis.evalsha(digest, 0)).rejects.toThrow(/^NOSCRIPT/);
});

it('fails over: whoever was connected comes to another server, with all that was written', async () => {
  const redis = await customer();
  const before = shop.url;
  const reconnected = vi.fn<() => void>();
  redis.on('close', reconnected);
  await shop.failedOver();
  expect(shop.url).not.toBe(before);
  await vi.waitFor(() => expect(reconnected).toHaveBeenCalled());
  expect(await redis.get('kept')).toBe('by all means');
  expect(await redis.set('a', 1)).toBe('OK');
});

it('is demoted: whoever was connected stays with a replica, and whoever connects comes to its primary', async () => {
  const redis = await customer();
  await shop.demoted();
  await expect(redis.set('a', 1)).rejects.toThrow(/^READONLY/);
  const other = await customer();
  expect(await other.get('kept')).toBe('by all means');
});

it('comes back from a kill as the primary that it was', async () => {
  const redis = await customer();
  const end = await shop.killed();
  await end();
  expect(await redis.get('kept')).toBe('by all means');
  expect(await redis.set('a', 1)).toBe('OK');
});
