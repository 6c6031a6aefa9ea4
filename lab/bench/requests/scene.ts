import { Redis } from 'ioredis';
import { startReplica, type Replica } from '../../../local/stack/replica.js';
import type { Stack } from '../../../local/stack/stack.js';
import { openSale } from '../scale/open-sale.js';
import type { Kind } from './kinds.js';

/** What no limit may refuse or slow down. */
export const REQUESTS_ENV = {
  REFUSALS_PER_SECOND_PER_ADDRESS: '0',
  QUEUE_MAX_BACKLOG: '10000000',
  SALE_MAX_BACKLOG: '10000000',
};
/** A buyer has one checkout. */
const LIMITING = { RATE_LIMIT_PER_BUYER: '1', RATE_LIMIT_WINDOW_SECONDS: '86400' };
export const SKU = 'hot';
/** More than all orders. */
const LASTING = 100_000_000;
const HOUR_MS = 3_600_000;

/** What there is to be asked. */
export interface Scene {
  readonly servers: Readonly<Record<Kind['server'], Replica>>;
  readonly sales: Readonly<Record<NonNullable<Kind['sale']>, string>>;
  readonly redis: Redis;
  close(): Promise<void>;
}

export async function openScene(stack: Stack): Promise<Scene> {
  const { env, redisUrl } = stack;
  const elsewhere = new URL(redisUrl);
  elsewhere.pathname = '/1'; // a database of its own, where no worker is
  const [bare, limiting] = await Promise.all([
    startReplica('lab', 'bare-server', { ...env, REDIS_URL: elsewhere.href }, ['bare-server']),
    startReplica('checkout-api', 'api-limiting', { ...env, ...LIMITING }),
  ]);
  const hence = (ms: number) => new Date(Date.now() + ms).toISOString();
  const open = (stock: number, time = {}) => openSale(stack, 'redis', { [SKU]: stock }, time);
  const sales = {
    open: await open(LASTING),
    scheduled: await open(1, { startsAt: hence(HOUR_MS) }),
    ended: await open(1, { endsAt: hence(-HOUR_MS) }),
    'sold-out': await open(0),
  };
  const redis = new Redis(redisUrl);
  const close = async () => {
    redis.disconnect();
    await Promise.all([bare.stop(), limiting.stop()]);
  };
  return { servers: { bare, limiting, api: stack.apis[0]! }, sales, redis, close };
}
