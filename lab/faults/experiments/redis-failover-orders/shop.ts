import {
  SAFE_DIRECTIVES,
  startReplicatedRedis,
  type ReplicatedRedis,
} from '../../../../local/services/redis-sentinel.js';
import { Stack } from '../../../../local/stack/stack.js';
import type { Scene } from '../../scene.js';
import { startMigratedPostgres } from '../../shop/postgres.js';

export interface Settings {
  /** How many replicas must have an order before it is accepted. With any, the servers take nothing without a replica either. */
  readonly acceptReplicas: number;
  /** Which replica takes over: the first one though it lags, or the one that has most. */
  readonly choice: 'first' | 'most';
}

export interface ReplicatedShop {
  readonly stack: Stack;
  readonly redis: ReplicatedRedis;
}

/** The whole application on a primary, two replicas and three Sentinels. It ends with the scene. */
export async function openReplicatedShop(
  scene: Scene,
  ttl: number,
  { acceptReplicas, choice }: Settings,
): Promise<ReplicatedShop> {
  const directives = acceptReplicas > 0 ? SAFE_DIRECTIVES : [];
  const [postgres, redis] = await Promise.all([
    startMigratedPostgres(),
    startReplicatedRedis(2, { sentinels: 3, directives, choice }),
  ]);
  scene.owns(postgres, redis.primary, ...redis.replicas, ...redis.sentinels);
  const stack = new Stack(
    {
      databaseUrl: postgres.url,
      redisUrl: redis.primary.url,
      redisEnv: redis.env,
      stop: () => Promise.resolve(), // the scene does
    },
    {
      ACCEPT_REPLICAS: String(acceptReplicas),
      BATCH_SIZE: '16',
      LOCK_TTL_MS: String(ttl),
      JOB_LOCK_MS: String(ttl),
    },
  );
  scene.atEnd(() => stack.kill());
  await Promise.all([stack.startApis(2), stack.startWorkers(2)]);
  return { stack, redis };
}
