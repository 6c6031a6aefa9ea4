import { startPrivatePostgres } from '../../../../../../tools/services/postgres.js';
import { startPrivateRedis } from '../../../../../../tools/services/redis.js';
import { Stack } from '../../../../../../tools/stack/stack.js';
import type { Scene } from '../../scene.js';
import type { Victim } from './outages.js';

const API_REPLICAS = 2;
const WORKERS = 3;

export interface Shop {
  readonly stack: Stack;
  /** What can be killed: the workers, and what they and the API stand on. */
  readonly victims: readonly Victim[];
}

/** The whole application on servers of its own. It ends with the scene. */
export async function openShop(scene: Scene, ttl: number): Promise<Shop> {
  const [postgres, redis] = await Promise.all([
    startPrivatePostgres(),
    startPrivateRedis('always'), // the setting under which Redis confirms nothing that it could forget
  ]);
  const stop = async () => void (await Promise.all([postgres.stop(), redis.stop()]));
  const stack = new Stack(
    { databaseUrl: postgres.url, redisUrl: redis.url, stop },
    {
      BATCH_SIZE: '16', // many sections, hence many moments to be killed in
      LOCK_TTL_MS: String(ttl),
      SETNX_TTL_MS: String(3 * ttl), // it has no fence: no commit may take longer, not even beside a recovering Postgres
      JOB_LOCK_MS: String(ttl),
    },
  );
  scene.atEnd(() => stack.stop());
  await stack.migrate();
  await stack.startApis(API_REPLICAS);
  await stack.startWorkers(WORKERS);
  const workers = stack.workers.map((worker, i) => ({
    name: `worker-${i + 1}`,
    kill: () => worker.crash(),
    start: () => worker.start(),
  }));
  return { stack, victims: [...workers, { name: 'redis', ...redis }, { name: 'postgres', ...postgres }] };
}
