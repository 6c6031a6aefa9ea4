import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePort } from '../processes/free-port.js';
import { provideRedisProgram } from '../setup/redis.js';
import { askRedis, newPassword, startRedisProgram } from './redis.js';
import { dataDirectory, nextName, startServer, type Service } from './service.js';
import type { SkewedClock } from './skewed-clock.js';
import { PATIENCE_MS, until } from './until.js';

/** What the Sentinels call the group. */
const GROUP = 'primary';
/** The Sentinels take the primary for dead after this silence, in milliseconds. */
const DOWN_AFTER_MS = 1_000;
/** A failover that failed is tried again after twice this time, in milliseconds. */
const FAILOVER_MS = 10_000;
/** Whom the servers and the Sentinels are to a server: clients are `default`. */
const SERVERS = 'servers';

/** A primary with replicas, and Sentinels that promote one of them when it is gone. */
export interface ReplicatedRedis {
  /** A Sentinel and its group: `redis-sentinel://:<password>@<host>:<port>#<group>`. */
  readonly url: string;
  /** Tells the application where it is. */
  readonly env: Readonly<Record<string, string>>;
  /** The primary of the beginning. */
  readonly primary: Service;
  /** If they are ranked, the first is the one that is promoted while it can be reached. */
  readonly replicas: readonly Service[];
  readonly sentinels: readonly Service[];
}

interface ReplicatedOptions {
  sentinels?: number;
  /** Of the primary, where it is not the machine's. */
  clock?: SkewedClock;
  /** More lines for the configuration of each server. */
  directives?: readonly string[];
  /** Which replica is promoted: the first one that can be reached, or the one that has most, as Sentinels choose by themselves. */
  choice?: 'first' | 'most';
}

/** Nobody waits for the replicas when the primary is written to, unless the directives say so. */
export async function startReplicatedRedis(
  count: number,
  { sentinels: sentinelCount = 1, clock, directives = [], choice = 'first' }: ReplicatedOptions = {},
): Promise<ReplicatedRedis> {
  const password = newPassword();
  // A replica that was away is sent its copy at once, not after a wait for others.
  const shared = [
    'repl-diskless-sync-delay 0',
    `user ${SERVERS} on >${password} ~* &* +@all`,
    `masteruser ${SERVERS}`,
    `masterauth ${password}`,
    ...directives,
  ];
  const primary = await startRedisProgram({ password, directives: shared, clock });
  const { port } = new URL(primary.url);
  const replicas = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startRedisProgram({
        password,
        directives: [
          ...shared,
          `replicaof 127.0.0.1 ${port}`,
          ...(choice === 'first' ? [`replica-priority ${i + 1}`] : []),
        ],
        isReady: async (url) => (await linkOf(url)) === 'up',
      }),
    ),
  );
  await until('each replica is sent what is written', () => replicatesTo(count, primary));
  const sentinels = await Promise.all(
    Array.from({ length: sentinelCount }, () => startSentinel(port, password, count, sentinelCount)),
  );
  const hosts = sentinels.map(({ url }) => new URL(url).host);
  const url = `redis-sentinel://:${password}@${hosts[0]}#${GROUP}`;
  const env = {
    REDIS_URL: '',
    REDIS_SENTINELS: hosts.join(','),
    REDIS_SENTINEL_NAME: GROUP,
    REDIS_PASSWORD: password,
  };
  return { url, env, primary, replicas, sentinels };
}

/** As a shop would have it: whatever is written has to reach a replica, and a primary that was cut off soon takes no writes. */
export const startSafeRedis = () =>
  startReplicatedRedis(2, { sentinels: 3, directives: SAFE_DIRECTIVES, choice: 'most' });

/** A primary without a replica that has reported within three seconds takes no writes. */
export const SAFE_DIRECTIVES = ['min-replicas-to-write 1', 'min-replicas-max-lag 3'];

/** Ends all its servers, the Sentinels first, for they would repair it. */
export async function stopReplicatedRedis({ sentinels, primary, replicas }: ReplicatedRedis): Promise<void> {
  await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
  await Promise.all([primary, ...replicas].map((server) => server.stop()));
}

/** Breaks the link from the primary to this replica, which goes on trying. Resolves once it is down. */
export async function cutOff({ url }: Service): Promise<void> {
  await askRedis(url, async (redis) => {
    await redis.config('SET', 'masterauth', 'of somebody else');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'master');
  });
  await until('the link of the replica is down', async () => (await linkOf(url)) === 'down');
}

/** Lets a replica that was cut off follow again, as soon as it tries. */
export const reattach = ({ env }: ReplicatedRedis, { url }: Service): Promise<unknown> =>
  askRedis(url, (redis) => redis.config('SET', 'masterauth', env.REDIS_PASSWORD!));

/**
 * Cuts a server off from its replicas and from the Sentinels, as where a network falls apart: those who are clients of it are on its
 * side, and notice nothing. Resolves to what lets them together again.
 */
export async function partition({ url }: Service): Promise<() => Promise<unknown>> {
  await askRedis(url, async (redis) => {
    await redis.call('ACL', 'SETUSER', SERVERS, 'off');
    await redis.call('CLIENT', 'KILL', 'USER', SERVERS);
  });
  return () => askRedis(url, (redis) => redis.call('ACL', 'SETUSER', SERVERS, 'on'));
}

/** Resolves once the Sentinels have made this replica the primary. */
export async function promoted(redis: ReplicatedRedis, replica: Service): Promise<void> {
  await until('the replica is promoted', async () => (await successorIn(redis)) === replica);
}

/** Resolves to the replica that the Sentinels have made the primary, once they have. */
export async function successorOf(redis: ReplicatedRedis): Promise<Service> {
  let successor: Service | undefined;
  await until('a replica is promoted', async () => (successor = await successorIn(redis)) !== undefined);
  return successor!;
}

async function successorIn({ sentinels, replicas }: ReplicatedRedis): Promise<Service | undefined> {
  const addresses = await Promise.all(
    sentinels.map((sentinel) =>
      askRedis(sentinel.url, (redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP)),
    ),
  );
  const ports = new Set((addresses as string[][]).map(([, port]) => port));
  const successor = replicas.find(({ url }) => ports.size === 1 && ports.has(new URL(url).port));
  return successor && (await roleOf(successor)) === 'master' ? successor : undefined;
}

/** `master` or `slave`. */
export async function roleOf({ url }: Service): Promise<string> {
  const [role] = (await askRedis(url, (redis) => redis.role())) as [string];
  return role;
}

async function startSentinel(
  primaryPort: string,
  password: string,
  replicas: number,
  sentinels: number,
): Promise<Service> {
  const { file } = await provideRedisProgram();
  const name = nextName('sentinel');
  const directory = await dataDirectory(name);
  const config = join(directory, 'sentinel.conf'); // it keeps its state there
  const quorum = Math.floor(sentinels / 2) + 1;
  return onFreePort(async (port) => {
    await writeFile(config, sentinelConfig(directory, port, primaryPort, password, quorum));
    return startServer({
      name,
      url: `redis://127.0.0.1:${port}`,
      command: { file, args: [config, '--sentinel'] },
      isReady: async (url) =>
        (await linkedReplicas(url)) === replicas && (await usableSentinels(url)) === sentinels,
    });
  });
}

const sentinelConfig = (
  directory: string,
  port: number,
  primaryPort: string,
  password: string,
  quorum: number,
) => `
bind 127.0.0.1
port ${port}
dir "${directory}"
sentinel monitor ${GROUP} 127.0.0.1 ${primaryPort} ${quorum}
sentinel auth-user ${GROUP} ${SERVERS}
sentinel auth-pass ${GROUP} ${password}
sentinel down-after-milliseconds ${GROUP} ${DOWN_AFTER_MS}
sentinel failover-timeout ${GROUP} ${FAILOVER_MS}
`;

/** Itself, and others that it has found. */
async function usableSentinels(url: string): Promise<number> {
  const said = await askRedis(url, (redis) => redis.call('SENTINEL', 'CKQUORUM', GROUP));
  return Number(/^OK (\d+) usable/.exec(said as string)?.[1]);
}

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
