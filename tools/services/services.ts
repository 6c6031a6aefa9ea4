import { meetAll } from '../setup/meet-need.js';
import { providePostgres } from '../setup/postgres.js';
import { provideRedis } from '../setup/redis.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';

export interface Services {
  databaseUrl: string;
  redisUrl: string;
  stop(): Promise<void>;
}

/** A Postgres and a Redis for this process; whatever ends it ends them too. */
export async function startServices(): Promise<Services> {
  await meetAll(providePostgres, provideRedis);
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  return {
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    stop: async () => void (await Promise.all([postgres.stop(), redis.stop()])),
  };
}
