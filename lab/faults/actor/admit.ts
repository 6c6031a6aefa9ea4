import { Admissions, type Admission } from '@app/checkout-queue';
import { lookAtStock } from '@app/inventory';
import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Pool } from 'pg';
import type { Process } from './process.js';
import type { AdmitTask } from './protocol.js';

/** Lets checkouts into the queue with the application's own admission. The process is not asked to close anything: it dies. */
export async function admit(self: Process, { orders, entrance }: AdmitTask): Promise<Admission[]> {
  const { redis: url, postgres } = self.setup.servers;
  const [redis, way] = [new Redis(url!), new Redis(entrance)];
  const connections = [redis, way];
  await Promise.all(connections.map((connection) => once(connection, 'ready')));
  const admissions = admissionsAt(redis, new Pool({ connectionString: postgres, max: 1 }), way);
  // BullMQ first asks a new connection for the version of its server: what is answered after that has come after it.
  await nextTurn();
  await Promise.all(connections.map((connection) => connection.ping()));
  await self.reach('connected');
  self.record('asked', { resource: 'counter' });
  return Promise.all(orders.map((order) => admissions.admit(order)));
}

/** Nobody sends an order twice here. */
export const admissionsAt = (redis: Redis, pool: Pool, entrance = redis) =>
  new Admissions(
    oneShard(redis),
    {
      idempotencyTtlSeconds: 600,
      maxBacklog: 1_000,
      maxBacklogOfSale: 1_000,
      lookUp: (asked) => Promise.resolve(asked.map(() => 'unstored')),
      lookAtStock: (sku, orderIds) => lookAtStock(pool, sku, orderIds),
    },
    oneShard(entrance),
  );
