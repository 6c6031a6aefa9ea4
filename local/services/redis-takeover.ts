import { linkOf, replicatesTo } from './redis-sentinel.js';
import { askRedis, startRedisProgram } from './redis.js';
import type { Service } from './service.js';
import { until } from './until.js';

/** What a server needs beside its password to become a replica, or to have one. */
export const replicable = (password: string) => [`masterauth ${password}`, 'repl-diskless-sync-delay 0'];

/**
 * Starts a server that takes over from this one with all it has: writes wait until both have the same, so nothing confirmed is lost. The
 * old one lives on as the replica of the new one.
 *
 * @param primary that was started as `replicable`, with this password and this setting of fsync
 */
export async function takeOver(primary: Service, password: string): Promise<Service> {
  const next = await startRedisProgram({ password, fsync: 'always', directives: replicable(password) });
  const { hostname, port } = new URL(primary.url);
  await askRedis(next.url, (redis) => redis.replicaof(hostname, port));
  await until('the new server is a replica', async () => (await linkOf(next.url)) === 'up');
  await until('the new server is sent what is written', () => replicatesTo(1, primary));
  await until('the new server has its copy on disk', () => isWritten(next));
  await until('the new server is the primary', async () => {
    const [role] = await askRedis(next.url, (redis) => redis.role());
    if (role === 'master') return true;
    // One at a time: it refuses while the last one has not ended.
    await askRedis(primary.url, (redis) =>
      redis.call('FAILOVER', 'TO', '127.0.0.1', new URL(next.url).port, 'TIMEOUT', FAILOVER_MS),
    );
    return false;
  });
  return next;
}

/** Longer, and the writes that wait go on with the old primary; in milliseconds. */
const FAILOVER_MS = 3_000;

/** A copy that a replica was sent is in its append-only file once that was written anew. */
async function isWritten({ url }: Service): Promise<boolean> {
  const info = await askRedis(url, (redis) => redis.info('persistence'));
  return ['loading', 'aof_rewrite_in_progress', 'aof_rewrite_scheduled'].every((name) =>
    info.includes(`${name}:0\r\n`),
  );
}
