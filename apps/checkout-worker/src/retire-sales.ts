import { keepShardCount } from '@app/checkout-queue';
import { loadRetirementConfig, postgresOf, redisServersOf } from '@app/config';
import { bootLog } from '@app/observability';
import { retire } from '@app/retention';
import { openShards, reachable, ServerUnusableError } from '@app/servers';

/**
 * The command `retire`: archives the sales that ended long ago, and deletes their rows.
 *
 * @throws {ServerUnusableError} also where a sale could not be done
 */
export async function retireSales(): Promise<void> {
  const config = loadRetirementConfig();
  const { RETENTION_DAYS: days, ARCHIVE_DIR: directory } = config;
  const log = bootLog(config.LOG_LEVEL);
  const { main, direct } = postgresOf(config);
  const Redis = redisServersOf(config);
  await reachable({ Postgres: main, Redis }, log);
  await keepShardCount(Redis, log);
  const shards = openShards(Redis, { name: 'retire', patience: 'work' }, log);
  try {
    const retired = await retire({ databaseUrl: direct!, shards, directory, days, log });
    if (!retired) return log.info('another process is at it');
    log.info(retired, 'done');
    if (retired.failed > 0)
      throw new ServerUnusableError(`${retired.failed} sales could not be retired; the log says why.`);
  } finally {
    shards.disconnect();
  }
}
