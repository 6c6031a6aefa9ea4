import { setTimeout as sleep } from 'node:timers/promises';
import {
  cutOff,
  partition,
  reattach,
  roleOf,
  successorOf,
  type ReplicatedRedis,
} from '../../../../local/services/redis-sentinel.js';
import { askRedis } from '../../../../local/services/redis.js';
import type { Service } from '../../../../local/services/service.js';
import { until } from '../../../../local/services/until.js';
import { NotStagedError } from '../../actor.js';
import type { Scene } from '../../scene.js';
import type { ReplicatedShop } from './shop.js';

/** How the primary is lost. */
export type Loss = 'killed' | 'frozen' | 'partitioned';
/** Replicas to which nothing comes for a while before. */
export type Lag = 'none' | 'one' | 'all';

/** In milliseconds: for so long both sides of a partition have a primary. */
const BOTH_MS = 1_000;

/** Does it. Resolves to what brings the primary back once another one is there. */
const LOSSES: Readonly<Record<Loss, (primary: Service) => Promise<() => Promise<unknown>>>> = {
  killed: async (primary) => {
    await primary.kill();
    return () => primary.start();
  },
  frozen: async (primary) => {
    const thaw = await primary.freeze();
    return async () => {
      thaw();
      const clients = await askRedis(primary.url, (redis) => redis.client('LIST'));
      if (!String(clients).includes('name=checkout-api'))
        throw new NotStagedError('the API had left the primary before it went on');
    };
  },
  partitioned: async (primary) => {
    const heal = await partition(primary);
    return () => sleep(BOTH_MS).then(heal);
  },
};

export interface Lost {
  /** In milliseconds since the epoch. */
  readonly lostAt: number;
  /** Until the Sentinels had another primary, in milliseconds. */
  readonly failoverMs: number;
  /** When the old primary was there again, in milliseconds since the epoch. */
  readonly backAt: number;
}

/**
 * Some buyers have bought. The workers stop, so that the queue grows, as it does in a stampede; what lags falls back; the primary is
 * lost; the Sentinels promote a replica; the old primary comes back and is made a replica; the workers go on.
 */
export async function loseThePrimary(
  scene: Scene,
  { stack, redis }: ReplicatedShop,
  { loss, lag }: { readonly loss: Loss; readonly lag: Lag },
): Promise<Lost> {
  const { history, random } = scene;
  const { primary } = redis;
  await sleep(random.between(1_000, 2_500));
  for (const worker of stack.workers) worker.freeze();
  history.note('workers stopped', 'fault');
  try {
    const repair = await fallBack(scene, redis, lag);
    await sleep(random.between(800, 1_500));
    history.note(`primary ${loss}`, 'fault');
    history.note('no other primary', 'fault');
    const lostAt = Date.now();
    const bringBack = await LOSSES[loss](primary);
    await repair();
    const successor = await successorOf(redis);
    const failoverMs = Date.now() - lostAt;
    history.note('no other primary', 'repaired');
    if (lag === 'one' && successor !== redis.replicas[0])
      throw new NotStagedError('the replica that lagged was not promoted');
    await bringBack();
    const backAt = Date.now();
    await until('the old primary is a replica', async () => (await roleOf(primary)) === 'slave');
    history.note(`primary ${loss}`, 'repaired');
    return { lostAt, failoverMs, backAt };
  } finally {
    for (const worker of stack.workers) worker.thaw();
    history.note('workers stopped', 'repaired');
  }
}

/** Resolves to what lets the replicas follow again: whomever the Sentinels tell them to. */
async function fallBack(
  { history }: Scene,
  redis: ReplicatedRedis,
  lag: Lag,
): Promise<() => Promise<unknown>> {
  const lagging = { none: [], one: redis.replicas.slice(0, 1), all: redis.replicas }[lag];
  if (lagging.length > 0) history.note('replicas cut off', 'fault');
  await Promise.all(lagging.map(cutOff));
  return async () => {
    await Promise.all(lagging.map((replica) => reattach(redis, replica)));
    if (lagging.length > 0) history.note('replicas cut off', 'repaired');
  };
}
