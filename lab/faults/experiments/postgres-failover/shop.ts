import { TcpProxy } from '@app/testing';
import { waitForStandbys } from '../../../../local/services/postgres-failover.js';
import { startStandby } from '../../../../local/services/postgres.js';
import { startPrivateRedis } from '../../../../local/services/redis.js';
import type { Service } from '../../../../local/services/service.js';
import { Stack } from '../../../../local/stack/stack.js';
import type { Scene } from '../../scene.js';
import { startMigratedPostgres } from '../../shop/postgres.js';

export interface ShopWithStandby {
  readonly stack: Stack;
  readonly primary: Service;
  readonly standby: Service;
  /** From the standby to the primary. */
  readonly stream: TcpProxy;
  /** The address of the database: whoever connects comes to the primary. */
  readonly address: TcpProxy;
}

/** The whole application on a Postgres with a standby. It ends with the scene. */
export async function openShopWithStandby(
  scene: Scene,
  ttl: number,
  waits: boolean,
): Promise<ShopWithStandby> {
  const [primary, redis] = await Promise.all([startMigratedPostgres(), startPrivateRedis()]);
  scene.owns(primary, redis);
  const [stream, address] = await Promise.all([TcpProxy.before(primary.url), TcpProxy.before(primary.url)]);
  scene.atEnd(() => Promise.all([stream.close(), address.close()]));
  const stack = new Stack(
    {
      databaseUrl: address.leadingTo(primary.url),
      redisUrl: redis.url,
      stop: () => Promise.resolve(), // the scene does
    },
    { BATCH_SIZE: '16', LOCK_TTL_MS: String(ttl), JOB_LOCK_MS: String(ttl) },
  );
  const standby = await startStandby(primary, stream.leadingTo(primary.url));
  scene.owns(standby);
  if (waits) await waitForStandbys(primary);
  scene.atEnd(() => stack.kill());
  await Promise.all([stack.startApis(2), stack.startWorkers(2)]);
  return { stack, primary, standby, stream, address };
}
