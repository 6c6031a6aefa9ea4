import { announce, checkoutWorkers, type Announcement } from '@app/checkout-queue';
import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import type { Settlement } from '../../truth/orders.js';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Orders in hand at most, as a worker has them by default. */
const MAX_ORDERS = 4_096;

/**
 * The ceiling of the API and the queue: a worker that takes the same orders from the same queue and announces each as
 * reserved, without a lock and without a database. `GET /settlements` tells when it did, once.
 */
export async function idleWorker(): Promise<void> {
  const shards = oneShard(new Redis(process.env.REDIS_URL!, { maxRetriesPerRequest: null }));
  const settlements: Settlement[] = [];
  const settle = async (settled: readonly Announcement[]) => {
    await announce(shards, settled);
    const settledAt = Date.now();
    for (const { order } of settled) settlements.push([order.acceptedAt, settledAt]);
  };
  const gather = gathered(settle);
  const [worker] = checkoutWorkers(shards, (order) => gather({ order, outcome: { status: 'reserved' } }), {
    maxOrders: MAX_ORDERS,
  });
  worker!.on('error', (error) => console.error(error));
  const server = createServer(({ url }, response) => {
    response.end(url === '/settlements' ? JSON.stringify(settlements.splice(0)) : '');
  });
  server.listen(Number(process.env.PORT), process.env.HOST);
  process.once('SIGTERM', () => void worker!.close().finally(() => process.exit()));
}

/** Orders that arrive in one turn of the event loop go together, as a worker's batches do. */
function gathered(settle: (settled: readonly Announcement[]) => Promise<void>) {
  let batch: Announcement[] = [];
  let settling: Promise<void> | undefined;
  return (order: Announcement): Promise<void> => {
    batch.push(order);
    settling ??= nextTurn().then(() => {
      const gatheredOrders = batch;
      batch = [];
      settling = undefined;
      return settle(gatheredOrders);
    });
    return settling;
  };
}
