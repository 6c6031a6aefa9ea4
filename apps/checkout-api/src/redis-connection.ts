import type { Logger } from '@nestjs/common';
import { Redis, ReplyError, type RedisOptions } from 'ioredis';

/** Fails fast, since a client waits for the answer, and keeps reconnecting for ever. Durations are in milliseconds. */
const OPTIONS: RedisOptions = {
  maxRetriesPerRequest: 1,
  connectTimeout: 1_000,
  commandTimeout: 1_500,
  // A connection that swallows commands without an answer is given up.
  socketTimeout: 5_000,
  retryStrategy: (attempts) => Math.min(attempts * 50, 500),
};

/**
 * A connection that is ready. Waits for Redis as long as that takes.
 *
 * @throws {ReplyError} when Redis answers that it does not want this client
 */
export async function connectRedis(url: string, name: string, logger: Logger): Promise<Redis> {
  const redis = new Redis(url, { ...OPTIONS, connectionName: name });
  logOutages(redis, logger);
  await new Promise<void>((resolve, reject) => {
    redis.once('ready', resolve);
    redis.on('error', (error) => {
      if (error instanceof ReplyError && redis.status !== 'ready') reject(error);
    });
  });
  return redis;
}

/** One line when it is lost and one when it is back, however many attempts lie between. */
function logOutages(redis: Redis, logger: Logger) {
  let lost = false;
  redis.on('error', (error: Error) => {
    if (!lost) logger.error({ err: error, msg: 'Redis is not reachable' });
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) logger.log('Redis is reachable again');
    lost = false;
  });
}
