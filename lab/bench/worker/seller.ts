import { dataSourceOptions, poolOf } from '@app/database';
import { orderIdOf, type OrderRequest } from '@app/orders';
import { once } from 'node:events';
import { DataSource } from 'typeorm';
import { LOADS, type WayToSettle } from './ways-to-settle.js';
import { settlerOf } from './settlers.js';

/** What one selling process is told to do. */
export interface SellerTask {
  readonly seller: number;
  readonly contender: WayToSettle;
  readonly saleId: string;
  readonly orders: number;
  /** Orders of another SKU that it settles first: new connections are slow, whatever they do. */
  readonly warmUp: number;
}

/** When the process began and ended, in milliseconds since the epoch: all processes are on one machine. */
export interface SellerResult {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Processor time that it took, in microseconds. */
  readonly micros: number;
}

export const HOT = 'hot';
export const WARM_UP = 'warm-up';

/** One process of the worker benchmark. For each task: warms up, waits for the start, settles its orders, reports. */
export async function sell(): Promise<never> {
  for (;;) {
    const [task] = (await once(process, 'message')) as [SellerTask];
    process.send!(await perform(task));
  }
}

async function perform({ seller, contender, saleId, orders, warmUp }: SellerTask): Promise<SellerResult> {
  const url = process.env.DATABASE_URL!;
  const dataSource = await new DataSource(
    dataSourceOptions({ url, poolSize: Math.min(LOADS[contender.load], 16), applicationName: 'bench' }),
  ).initialize();
  const settler = settlerOf(contender, poolOf(dataSource));
  // Made beforehand, as the API does: what is measured is settling them.
  const run = settler.prepare(ordersOf(saleId, HOT, seller, orders));
  await settler.prepare(ordersOf(saleId, WARM_UP, seller, warmUp))();
  process.send!('ready');
  await once(process, 'message');

  const startedAt = Date.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  const endedAt = Date.now();
  await settler.close();
  await dataSource.destroy();
  return { startedAt, endedAt, micros: user + system };
}

/** As a worker has them, which reads them from JSON. */
function ordersOf(saleId: string, sku: string, seller: number, count: number): OrderRequest[] {
  const orders = Array.from({ length: count }, (_, i) => {
    const buyerId = `${sku}-${seller}-${i}`;
    const idempotencyKey = 'bench';
    const orderId = orderIdOf({ id: saleId, orderNamespace: saleId }, buyerId, idempotencyKey);
    return { orderId, saleId, sku, quantity: 1, buyerId, idempotencyKey, acceptedAt: Date.now() };
  });
  return JSON.parse(JSON.stringify(orders)) as OrderRequest[];
}
