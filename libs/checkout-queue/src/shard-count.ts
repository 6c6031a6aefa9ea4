import { openShards, openTag, ServerUnusableError, type Log, type RedisServers } from '@app/servers';
import { keysOf } from './keys.js';

/** The hash tag of what says over how many shards the sales of a cluster are spread. */
const TAG = 'shards';
const USE = { name: 'checkout-shards', patience: 'work' } as const;

/**
 * Has the sales spread over this number of shards from now on. A sale has another shard in another number: nobody would find there what
 * is queued now.
 *
 * @throws {ServerUnusableError} while orders are in shards of another number
 */
export async function keepShardCount(servers: RedisServers, log: Log): Promise<void> {
  if (servers.kind !== 'cluster') return;
  const { redis, prefix } = openTag(servers, TAG, USE, log);
  const key = `${prefix}checkout:shards`;
  try {
    const before = Number(await redis.get(key));
    if (before === servers.shards) return;
    if (before > 0) await refuseIfInUse(servers, before, log);
    await redis.set(key, servers.shards);
  } finally {
    redis.disconnect();
  }
}

async function refuseIfInUse(servers: RedisServers & { kind: 'cluster' }, before: number, log: Log) {
  const shards = openShards({ ...servers, shards: before }, USE, log);
  try {
    const [queued, letters] = await Promise.all([
      shards.sum(({ redis, prefix }) => redis.hlen(keysOf(prefix).queued)),
      shards.sum(({ redis, prefix }) => redis.hlen(keysOf(prefix).deadLetters)),
    ]);
    if (queued + letters === 0) return;
    throw new ServerUnusableError(
      `REDIS_SHARDS cannot become ${servers.shards}: ${queued} orders are queued in ${before} shards, and ${letters} dead letters ` +
        `lie there. Start API and workers with REDIS_SHARDS=${before}, close the sales, and wait until there are none.`,
    );
  } finally {
    shards.disconnect();
  }
}
