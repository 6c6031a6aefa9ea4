import { TcpProxy } from '@app/testing';
import { startPrivatePostgres } from '../../../../local/services/postgres.js';
import { startReplica, type Replica } from '../../../../local/stack/replica.js';
import { Stack } from '../../../../local/stack/stack.js';
import type { Scene } from '../../scene.js';
import type { Victim } from './outages.js';
import { ShopRedis } from './shop-redis.js';
import { linkVictim, workerVictim } from './victims.js';

export const APIS = ['api-1', 'api-2'];
export const WORKERS = ['worker-1', 'worker-2', 'worker-3'];

export interface Shop {
  readonly stack: Stack;
  /** The workers, what they and the API stand on, and the connections between them. */
  readonly victims: readonly Victim[];
}

/** The whole application on servers of its own, which each of its processes reaches by a relay of its own. It ends with the scene. */
export async function openShop(scene: Scene, ttl: number): Promise<Shop> {
  const [postgres, redis] = await Promise.all([startPrivatePostgres(), ShopRedis.start()]);
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
  const victims: Victim[] = [
    { name: 'postgres', faults: { killed: () => postgres.kill().then(() => () => postgres.start()) } },
    {
      name: 'redis',
      faults: {
        killed: redis.killed,
        'read-only': redis.readOnly,
        'scripts flushed': redis.scriptsFlushed,
        'failed over': redis.failedOver,
        demoted: redis.demoted,
      },
    },
  ];
  const relays: TcpProxy[] = [];
  scene.atEnd(() => Promise.all(relays.map((relay) => relay.close()))); // after the next
  scene.atEnd(() => stack.stop());
  await stack.migrate();

  /** Starts a process of an application behind relays of its own. */
  const start = async (app: string, name: string): Promise<Replica> => {
    const links = { redis: await redis.relay(), postgres: await TcpProxy.before(postgres.url) };
    relays.push(...Object.values(links));
    victims.push(...Object.entries(links).map(([server, link]) => linkVictim(`${name}'s ${server}`, link)));
    return startReplica(app, name, {
      ...stack.env,
      DATABASE_URL: links.postgres.leadingTo(postgres.url),
      REDIS_URL: links.redis.leadingTo(redis.url),
    });
  };
  stack.apis = await Promise.all(APIS.map((name) => start('checkout-api', name)));
  stack.workers = await Promise.all(WORKERS.map((name) => start('checkout-worker', name)));
  victims.push(...stack.workers.map((worker, i) => workerVictim(WORKERS[i]!, worker)));
  return { stack, victims };
}
