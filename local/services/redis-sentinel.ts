import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onFreePort } from '../processes/free-port.js';
import { provideRedisProgram } from '../setup/redis.js';
import { askRedis, newPassword, startRedisProgram } from './redis.js';
import { dataDirectory, nextName, startServer, type Service } from './service.js';
import type { SkewedClock } from './skewed-clock.js';

/** What the Sentinel calls the group. */
const GROUP = 'primary';
/** The Sentinel takes the primary for dead after this silence, in milliseconds. */
const DOWN_AFTER_MS = 1_000;
const PATIENCE_MS = 60_000;

/** A primary that nobody waits for when it writes to its replicas, and a Sentinel that promotes one when it is gone. */
export interface ReplicatedRedis {
  /** The Sentinel and its group: `redis-sentinel://:<password>@<host>:<port>#<group>`. */
  readonly url: string;
  readonly primary: Service;
  /** The first is the one that is promoted while it can be reached. */
  readonly replicas: readonly Service[];
  readonly sentinel: Service;
}

/** @param clock of the primary, where it is not the machine's */
export async function startReplicatedRedis(
  count: number,
  { clock }: { clock?: SkewedClock } = {},
): Promise<ReplicatedRedis> {
  const password = newPassword();
  // A replica that was away is sent its copy at once, not after a wait for others.
  const shared = ['repl-diskless-sync-delay 0', `masterauth ${password}`];
  const primary = await startRedisProgram({ password, directives: shared, clock });
  const { port } = new URL(primary.url);
  const replicas = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startRedisProgram({
        password,
        directives: [...shared, `replicaof 127.0.0.1 ${port}`, `replica-priority ${i + 1}`],
        isReady: async (url) => (await linkOf(url)) === 'up',
      }),
    ),
  );
  await until('each replica is sent what is written', () => replicatesTo(count, primary));
  const sentinel = await startSentinel(port, password, count);
  const url = `redis-sentinel://:${password}@${new URL(sentinel.url).host}#${GROUP}`;
  return { url, primary, replicas, sentinel };
}

/** Breaks the link from the primary to this replica, which goes on trying. Resolves once it is down. */
export async function cutOff({ url }: Service): Promise<void> {
  await askRedis(url, async (redis) => {
    await redis.config('SET', 'masterauth', 'of somebody else');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'master');
  });
  await until('the link of the replica is down', async () => (await linkOf(url)) === 'down');
}

/** Resolves once the Sentinel has made this replica the primary. */
export async function promoted({ sentinel }: ReplicatedRedis, { url }: Service): Promise<void> {
  const { port } = new URL(url);
  await until('the replica is promoted', async () => {
    const [role] = (await askRedis(url, (redis) => redis.role())) as [string];
    const address = await askRedis(sentinel.url, (redis) =>
      redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP),
    );
    return role === 'master' && (address as string[])[1] === port;
  });
}

async function startSentinel(primaryPort: string, password: string, replicas: number): Promise<Service> {
  const { file } = await provideRedisProgram();
  const name = nextName('sentinel');
  const directory = await dataDirectory(name);
  const config = join(directory, 'sentinel.conf'); // it keeps its state there
  return onFreePort(async (port) => {
    await writeFile(config, sentinelConfig(directory, port, primaryPort, password));
    return startServer({
      name,
      url: `redis://127.0.0.1:${port}`,
      command: { file, args: [config, '--sentinel'] },
      isReady: async (url) => (await linkedReplicas(url)) === replicas,
    });
  });
}

const sentinelConfig = (directory: string, port: number, primaryPort: string, password: string) => `
bind 127.0.0.1
port ${port}
dir "${directory}"
sentinel monitor ${GROUP} 127.0.0.1 ${primaryPort} 1
sentinel auth-pass ${GROUP} ${password}
sentinel down-after-milliseconds ${GROUP} ${DOWN_AFTER_MS}
`;

/** Replicas that it could promote. */
async function linkedReplicas(url: string): Promise<number> {
  const replicas = await askRedis(url, (redis) => redis.call('SENTINEL', 'REPLICAS', GROUP));
  return (replicas as string[][]).filter((fields) => {
    const link = fields[fields.indexOf('master-link-status') + 1];
    return link === 'ok';
  }).length;
}

/** Whether a replica's link to its primary is `up` or `down`. */
export async function linkOf(url: string): Promise<string | undefined> {
  const info = await askRedis(url, (redis) => redis.info('replication'));
  return /^master_link_status:(\w+)/m.exec(info)?.[1];
}

/**
 * Whether so many replicas have what is written now. A link that is up does not say so: a primary sends nothing until the
 * replica's next report, a second later, if the first one came before it took note that the copy was sent.
 */
export async function replicatesTo(count: number, { url }: Service): Promise<boolean> {
  return askRedis(url, async (redis) => {
    await redis.set('written', '', 'PX', 1);
    return (await redis.wait(count, PATIENCE_MS)) === count;
  });
}

export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`);
    await delay(50);
  }
}
