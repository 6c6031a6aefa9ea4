import { dataSourceOptions } from '@app/database';
import { orderIdOf, type OrderRequest } from '@app/orders';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { DataSource } from 'typeorm';
import { CONTENDERS, settlerOf } from './contenders.js';

/** What one selling process is told to do. */
export interface SellerTask {
  readonly seller: number;
  readonly contender: string;
  readonly saleId: string;
  readonly orders: number;
  readonly inFlight: number;
}

/** When the process began and ended, in milliseconds since the epoch: all processes are on one machine. */
export interface SellerResult {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** One process of the worker benchmark: says it is ready, waits for the start, settles its orders, reports. */
export async function sell(task: string): Promise<void> {
  const { seller, contender, saleId, orders, inFlight } = JSON.parse(task) as SellerTask;
  const redis = new Redis(process.env.REDIS_URL!);
  const dataSource = await new DataSource(
    dataSourceOptions({ url: process.env.DATABASE_URL!, poolSize: inFlight, applicationName: 'bench' }),
  ).initialize();
  const settle = settlerOf(
    CONTENDERS.find(({ name }) => name === contender)!,
    { redis, dataSource },
    inFlight,
  );
  // Made beforehand, as the API does: what is measured is settling them.
  const pending = Array.from({ length: orders }, (_, i) => orderOf(saleId, `${seller}-${i}`));
  process.send!('ready');
  await once(process, 'message');

  const startedAt = Date.now();
  const buyer = async () => {
    for (let order = pending.pop(); order; order = pending.pop()) await settle(order);
  };
  await Promise.all(Array.from({ length: inFlight }, buyer));
  // It stays until it is told to go: to leave now would be to leave with the lock, a moment before its release.
  process.send!({ startedAt, endedAt: Date.now() } satisfies SellerResult);
}

function orderOf(saleId: string, buyerId: string): OrderRequest {
  const idempotencyKey = 'bench';
  const orderId = orderIdOf(saleId, buyerId, idempotencyKey);
  return { orderId, saleId, sku: 'hot', quantity: 1, buyerId, idempotencyKey, acceptedAt: Date.now() };
}
