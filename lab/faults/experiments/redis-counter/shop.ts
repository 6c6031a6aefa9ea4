import { announce, checkoutWorkers, keysOf, type QueuedOrder } from '@app/checkout-queue';
import { Reservations, strategyOf, type StrategyName } from '@app/inventory';
import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import { isDeepStrictEqual } from 'node:util';
import { Pool } from 'pg';
import { askRedis } from '../../../../local/services/redis.js';
import { until } from '../../../../local/services/until.js';
import { now } from '../../../clock.js';
import { admissionsAt } from '../../actor/admit.js';
import type { EventKind } from '../../history.js';
import type { Scene, Stage } from '../../scene.js';

export interface Answers {
  readonly accepted: number;
  readonly refused: number;
}

/** An API replica and a worker of one counted sale, at a Redis. They end with the scene. */
export function openShop(scene: Scene, stage: Stage, strategy: StrategyName, redisUrl: string) {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null }); // as BullMQ wants it
  const shards = oneShard(redis);
  const pool = new Pool({ connectionString: scene.servers.postgres });
  const admissions = admissionsAt(redis, pool);
  const record = (actor: string, kind: EventKind, detail: string) =>
    scene.history.record({ at: now(), actor, kind, resource: 'counter', detail });
  const reservations = new Reservations<QueuedOrder>({
    pool,
    batchSize: 64,
    maxHold: 20,
    inFlight: 64,
    signal: new AbortController().signal,
    lockOptions: () => ({ ttl: 10_000 }),
    lockOf: () => Promise.reject(new Error('a counted sale takes no lock')),
    onCommit: async (orders, { outcomes }) => {
      const settled = orders.map((order, i) => ({ order, outcome: outcomes[i]! }));
      for (const { outcome } of settled)
        record('worker', outcome.status === 'reserved' ? 'wrote' : 'refused', outcome.status);
      await announce(shards, settled);
    },
  });
  const rules = { strategy, stripes: 1, perBuyerLimit: null };
  const workers = checkoutWorkers(shards, (order) => reservations.reserve(order, rules), { maxOrders: 256 });
  for (const worker of workers) worker.on('error', () => undefined); // its server is killed
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    redis.disconnect();
    await pool.end();
  };
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());
  scene.atEnd(closeOnce);
  const counter = keysOf().counter(stage.saleId, 'hot');
  return {
    /** So many buyers want a unit each, at the same time. */
    async checkouts(count: number): Promise<Answers> {
      const answers = await Promise.all(
        ordersOf(stage, strategy, count).map((order) => admissions.admit(order)),
      );
      const accepted = answers.filter((answer) => answer === 'accepted').length;
      record('API', 'wrote', `${accepted} of ${count} admitted`);
      if (accepted < count) record('API', 'refused', `${count - accepted} told that it is sold out`);
      await until('all orders are settled', async () => (await admissions.backlog()) === 0);
      return { accepted, refused: count - accepted };
    },
    /** Whether a replica has the counter as it is. */
    isCopiedTo: async (url: string) =>
      isDeepStrictEqual(await redis.hgetall(counter), await askRedis(url, (copy) => copy.hgetall(counter))),
    left: async () => Number(await redis.hget(counter, 'left')),
    close: closeOnce,
  };
}

export const ordersOf = (stage: Stage, strategy: StrategyName, count: number): QueuedOrder[] =>
  Array.from({ length: count }, () => ({ ...stage.order(), counter: strategyOf(strategy).counter }));
