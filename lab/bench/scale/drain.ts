import { setTimeout as sleep } from 'node:timers/promises';
import { Admissions } from '@app/checkout-queue';
import { orderIdOf, type OrderRequest } from '@app/orders';
import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import type { Stack } from '../../../local/stack/stack.js';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { lastSettledAt } from '../../truth/orders.js';
import { timed } from '../processor-time.js';
import { UNBOUNDED } from '../unbounded.js';
import { openSale } from './open-sale.js';
import { largest, processMetrics } from './process-metrics.js';

const QUEUED_AT_ONCE = 500;
const POLL_MS = 20;
/** However slow: beyond it the queue stands still. */
const DRAIN_TIMEOUT_MS = 600_000;
const MIB = 2 ** 20;

export interface DrainBench {
  readonly stack: Stack;
  readonly database: Client;
}

/** Orders that were all in the queue before the first of them was taken. */
export interface Backlog {
  readonly orders: number;
  readonly skus: number;
  /** What it writes stays, as it would in a shop. */
  readonly stays?: boolean;
  /** Of a sale whose reservations end; undefined: they do not. */
  readonly reservationTtlSeconds?: number;
}

/** Fills the queue while it is paused, lets the workers of the stack drain it, and reads what that took. */
export async function drain(
  { stack, database }: DrainBench,
  run: string,
  { orders, skus, stays = false, reservationTtlSeconds }: Backlog,
) {
  const redis = new Redis(stack.redisUrl);
  const admissions = new Admissions(oneShard(redis), UNBOUNDED);
  try {
    const names = Array.from({ length: skus }, (_, i) => `sku-${i}`);
    const stock = Math.ceil(orders / skus);
    const items = Object.fromEntries(names.map((sku) => [sku, stock]));
    const saleId = await openSale(stack, 'redis', items, { reservationTtlSeconds });
    const emptyBytes = await usedMemory(redis);
    const measured = { apis: [], workers: stack.workers, redisUrl: stack.redisUrl };
    const { result, took } = await timed(measured, database, async () => {
      await admissions.queues.all[0]!.pause();
      await fill(admissions, saleId, names, orders);
      const fullBytes = await usedMemory(redis);
      const resumedAt = Date.now();
      await admissions.queues.all[0]!.resume();
      await drained(admissions);
      return { fullBytes, resumedAt };
    });

    const elapsedMs = (await lastSettledAt(database, saleId)) - result.resumedAt;
    const rss = async (replicas: Stack['workers']) =>
      largest(await processMetrics(replicas), 'process_resident_memory_bytes') / MIB;
    const figures = {
      ordersPerSecond: (orders * 1_000) / elapsedMs,
      msPerOrder: elapsedMs / orders,
      redisBytesPerOrder: (result.fullBytes - emptyBytes) / orders,
      redisMicrosPerOrder: took.redis / orders,
      workerMicrosPerOrder: took.worker / orders,
      postgresMicrosPerOrder: took.postgres / orders,
      apiRssMiB: await rss(stack.apis),
      workerRssMiB: await rss(stack.workers),
    };
    const broken = brokenPromises(run, true, orders, await readTruth(stack, database, saleId));
    if (!stays) await database.query('TRUNCATE sales, stock, stock_movements, orders, outbox CASCADE');
    await forget(saleId, redis);
    return { saleId, broken, figures };
  } finally {
    await admissions.queues.all[0]!.close();
    redis.disconnect();
  }
}

/** As the API does it, so that Redis holds what it would hold. */
async function fill(admissions: Admissions, saleId: string, skus: readonly string[], count: number) {
  const queue = (i: number) => admissions.admit(orderOf(saleId, skus[i % skus.length]!, `buyer-${i}`));
  for (let first = 0; first < count; first += QUEUED_AT_ONCE) {
    const length = Math.min(QUEUED_AT_ONCE, count - first);
    await Promise.all(Array.from({ length }, (_, i) => queue(first + i)));
  }
}

/**
 * Its key is as long as a UUID, as those of clients are, and its row is at least as large as one of the history: else a bulk load would leave
 * room for just one of them in each page, and each would change an old page of its own, as in no shop.
 */
function orderOf(saleId: string, sku: string, buyerId: string): OrderRequest {
  const idempotencyKey = saleId;
  const orderId = orderIdOf({ id: saleId, orderNamespace: saleId }, buyerId, idempotencyKey);
  return { orderId, saleId, sku, quantity: 1, buyerId, idempotencyKey, acceptedAt: Date.now() };
}

async function drained(admissions: Admissions) {
  const deadline = Date.now() + DRAIN_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if ((await admissions.backlog()) === 0) return;
    await sleep(POLL_MS);
  }
  throw new Error(`the queue was not drained within ${DRAIN_TIMEOUT_MS / 1_000} s`);
}

/**
 * The next backlog finds the servers as this one did. Otherwise they tidy up more and more in the background, and whoever is
 * measured just then pays for what all before have left.
 */
async function forget(saleId: string, redis: Redis) {
  for await (const names of redis.scanStream({ match: `*${saleId}*`, count: 1_000 })) {
    if ((names as string[]).length > 0) await redis.unlink(names as string[]);
  }
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
}
