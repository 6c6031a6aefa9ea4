import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';

export interface Services {
  databaseUrl: string;
  redisUrl: string;
  stop(): Promise<void>;
}

/** A Postgres and a Redis for this process; whatever ends it ends them too. */
export async function startServices(): Promise<Services> {
  const postgres = await startPostgres();
  const redis = await startRedis();
  return {
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    stop: async () => void (await Promise.all([postgres.stop(), redis.stop()])),
  };
}
