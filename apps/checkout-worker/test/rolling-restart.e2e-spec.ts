import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHaproxy } from '../../../local/services/haproxy.js';
import { startPrivatePostgres } from '../../../local/services/postgres.js';
import {
  linkOf,
  startSafeRedis,
  stopReplicatedRedis,
  successorOf,
  type ReplicatedRedis,
} from '../../../local/services/redis-sentinel.js';
import type { Service } from '../../../local/services/service.js';
import { provideHaproxy } from '../../../local/setup/haproxy.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { startedOnReplicas } from './support/started-stack.js';

const STOCK = 1_000_000;
const BUYERS = 8;
/** Between two orders of a buyer, in milliseconds. */
const PAUSE_MS = 20;

const missing = await provideHaproxy().then(
  () => '',
  ({ message }: Error) => message,
);
if (missing) process.emitWarning(`The test of a rolling restart is left out.\n${missing}`);

let redis: ReplicatedRedis;
let postgres: Service;
let stack: Stack;
let balancer: Service;
beforeAll(async () => {
  if (missing) return;
  [redis, postgres] = await Promise.all([startSafeRedis(), startPrivatePostgres()]);
  const stop = async () => void (await Promise.all([stopReplicatedRedis(redis), postgres.stop()]));
  stack = await startedOnReplicas(
    { redisUrl: redis.primary.url, redisEnv: redis.env, databaseUrl: postgres.url, stop },
    { SHUTDOWN_GRACE_MS: '1000' },
  );
  balancer = await startHaproxy(stack.apiUrls);
}, 120_000);
afterAll(async () => {
  await balancer?.stop();
  await stack?.stop();
});

/** Buys one unit. Whoever is told by 503 when to come back comes back; any other answer but an acceptance is an error. */
async function buy(behind: Shopper, saleId: string): Promise<string> {
  const [buyerId, key] = [randomUUID(), randomUUID()];
  for (;;) {
    const response = await behind.checkoutOnce(saleId, buyerId, key);
    const answer = await response.text();
    if (response.status === 202) return (JSON.parse(answer) as { orderId: string }).orderId;
    if (response.status !== 503 || !(Number(response.headers.get('retry-after')) > 0))
      throw new Error(`${response.status} ${answer}`);
    await sleep(10 * PAUSE_MS);
  }
}

/** One after the other, each as its operator would: asked to end, and started again. */
async function restartEverything(): Promise<void> {
  for (const server of [...stack.workers, ...stack.apis, ...redis.sentinels]) {
    await server.stop();
    await server.start();
  }
  for (const replica of redis.replicas) {
    await replica.stop();
    await replica.start();
    await expect.poll(() => linkOf(replica.url), { timeout: 30_000 }).toBe('up');
  }
  await redis.primary.stop();
  await successorOf(redis);
  await redis.primary.start();
  await postgres.stop();
  await postgres.start();
}

it.skipIf(missing)(
  'everything is restarted under load: buyers hear 503 with Retry-After at worst, and nothing is lost',
  async () => {
    const shopper = new Shopper(stack);
    const behind = new Shopper({ adminKey: stack.adminKey, apiUrls: [balancer.url] });
    const saleId = await shopper.openSale('redis', STOCK);
    const accepted: string[] = [];
    const over = new AbortController();
    const buying = Array.from({ length: BUYERS }, async () => {
      while (!over.signal.aborted) {
        accepted.push(await buy(behind, saleId));
        await sleep(PAUSE_MS);
      }
    });
    const restarting = restartEverything().finally(() => over.abort());
    await Promise.all([restarting, ...buying]);
    const units = { held: accepted.length, available: STOCK - accepted.length };
    expect(await shopper.drained(saleId)).toMatchObject({
      ...units,
      oversold: 0,
      lostUpdates: 0,
      conserved: true,
    });
    expect(new Set(accepted).size).toBe(accepted.length);
  },
  240_000,
);
