import { ReplyError, type Redis, type RedisOptions } from 'ioredis';
import { causeOf, ThinnedLog, type Log } from './log.js';
import { reasonOf } from './reason.js';
import { clientOf, type RedisServers } from './redis-servers.js';
import { verdictOf } from './verdict-of.js';

/** In milliseconds: a connection whose answers fail to come for so long is given up. No command may block for as long. */
const SILENCE_MS = 5_000;
/** In seconds: how long BullMQ may wait for a job; less than {@link SILENCE_MS}. */
export const LONGEST_BLOCK_SECONDS = 3;
/** In milliseconds: each connection is tried this often, since one that only listens would never notice that it is lost. */
const BEAT_MS = 2_000;

/** A key to write to, which nobody reads. */
const PROBE_KEY = 'servers:probe';
/** What a primary says that may have been cut off from the others, while they have another one. */
const CUT_OFF = new Set(['NOREPLICAS', 'CLUSTERDOWN']);
const PROBE_TTL_MS = 1_000;

const OPTIONS: RedisOptions = {
  connectTimeout: 2_000,
  disconnectTimeout: 500,
  socketTimeout: SILENCE_MS,
  keepAlive: 10_000,
  retryStrategy: (attempts) => Math.min(attempts * 50, 500),
  // While Redis loads its data, ask again this soon, not when it expects to be done.
  maxLoadingRetryTime: 500,
  // The caller gets the error; the address may lead to another server by now.
  reconnectOnError: (error) => verdictOf(error) === 'leave' || CUT_OFF.has(causeOf(error)),
  // The client would subscribe only once, and end the process if that failed: subscribers do it on `ready`.
  autoResubscribe: false,
};

/** What happens to commands while Redis is away. */
const PATIENCE = {
  /** They fail soon, since somebody waits for the answer. */
  requests: { maxRetriesPerRequest: 1, commandTimeout: 1_500 },
  /** They wait, and so does the work in hand; they are sent again after the reconnect. */
  work: { maxRetriesPerRequest: null },
} as const satisfies Record<string, RedisOptions>;

export interface RedisUse {
  /** Shown in CLIENT LIST and in the log. */
  readonly name: string;
  readonly patience: keyof typeof PATIENCE;
  /** What all keys begin with there. */
  readonly prefix?: string;
}

/** The last error of each connection that failed. */
const troubles = new WeakMap<Redis, unknown>();

/** A connection to Redis that reconnects for ever. Its duplicates do so too, but are not tried every {@link BEAT_MS}. */
export function openRedis(servers: RedisServers, { name, patience, prefix }: RedisUse, log: Log): Redis {
  const redis = clientOf(servers, { ...OPTIONS, ...PATIENCE[patience], connectionName: name });
  const thinned = new ThinnedLog(log);
  let isWell = true;
  const fail = (error: unknown) => {
    isWell = false;
    troubles.set(redis, error);
    thinned.warn(error, `Redis ${reasonOf(error)}`, { connection: name });
  };
  const beat = async () => {
    if (redis.status === 'connect') await rejectIfLoading(redis);
    if (redis.status !== 'ready') return;
    if (servers.kind === 'cluster' && servers.slot === undefined) await redis.ping();
    else await writeTo(redis, prefix);
    if (!isWell) log.warn({ connection: name }, 'Redis serves again');
    isWell = true;
  };
  redis.on('error', fail).on('ready', () => void beat().catch(fail));
  const beating = setInterval(() => void beat().catch(fail), BEAT_MS).unref();
  return redis.on('end', () => clearInterval(beating));
}

/** Resolves once the connection is ready, however long that takes. */
export async function readyRedis(redis: Redis): Promise<Redis> {
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  return redis;
}

/** @throws {Error} that says why Redis cannot be used */
export async function probeRedis(redis: Redis, prefix?: string): Promise<void> {
  // A command would wait for the reconnect.
  if (redis.status !== 'ready') throw new Error(reasonOf(troubles.get(redis)));
  await writeTo(redis, prefix).catch((error: unknown) => {
    throw new Error(reasonOf(error), { cause: error });
  });
}

/** @throws {Error} when Redis has fewer replicas that follow it, or cannot be asked */
export async function probeReplicas(redis: Redis, least: number, prefix?: string): Promise<void> {
  await probeRedis(redis, prefix);
  const about = await redis.info('replication');
  const following = about.match(/^slave\d+:.*state=online/gm)?.length ?? 0;
  if (following < least) throw new Error(`${following} of ${least} follow Redis`);
}

/** By itself the client waits silently for a server that loads its data. */
async function rejectIfLoading(redis: Redis): Promise<void> {
  const about = await redis.info('persistence').catch(() => ''); // whatever else is wrong, the client tells
  if (about.includes('loading:1')) throw new ReplyError('LOADING Redis reads its data from disk');
}

async function writeTo(redis: Redis, prefix = ''): Promise<void> {
  // With RESP2 a subscribed connection takes no other command.
  if (redis.mode === 'subscriber') await redis.ping();
  else await redis.set(prefix + PROBE_KEY, '', 'PX', PROBE_TTL_MS);
}
