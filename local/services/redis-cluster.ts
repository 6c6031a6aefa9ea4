import type { Redis } from 'ioredis';
import { askRedis, newPassword, startRedisProgram } from './redis.js';
import { linkOf } from './redis-sentinel.js';
import type { Service } from './service.js';
import { PATIENCE_MS, until } from './until.js';

const SLOTS = 16_384;
/** Nodes talk to each other on a port that is 10,000 higher: that one, too, shall be none of those given to clients. */
const BELOW = 22_768;
/** The others take a primary for dead after this silence, in milliseconds. */
const DOWN_AFTER_MS = 2_000;

/** A Redis Cluster: primaries that share the slots evenly, and their replicas. */
export interface RedisCluster {
  /** Tells the application where it is. */
  readonly env: Readonly<Record<string, string>>;
  readonly primaries: readonly Service[];
  /** The first of each primary, in the same order, then the second ones. */
  readonly replicas: readonly Service[];
}

/** While a primary is away, the others serve their slots. */
export async function startRedisCluster(primaryCount: number, replicasOfEach: number): Promise<RedisCluster> {
  const password = newPassword();
  const directives = [
    'cluster-enabled yes',
    `cluster-node-timeout ${DOWN_AFTER_MS}`,
    'cluster-require-full-coverage no',
    'cluster-allow-replica-migration no',
    'cluster-replica-validity-factor 0', // whatever the replica lacks, it is the only one
    'repl-diskless-sync-delay 0',
    `masterauth ${password}`,
  ];
  const count = primaryCount * (1 + replicasOfEach);
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedisProgram({ password, directives, below: BELOW })),
  );
  const primaries = nodes.slice(0, primaryCount);
  const replicas = nodes.slice(primaryCount);
  await Promise.all(
    primaries.map(({ url }, i) =>
      askRedis(url, (redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', ...slotsOf(i, primaryCount))),
    ),
  );
  const { port } = new URL(nodes[0]!.url);
  for (const { url } of nodes.slice(1))
    await askRedis(url, (redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', port));
  await until('all nodes know each other', () =>
    allOf(nodes, async (redis) => {
      const known = (await redis.cluster('NODES')) as string;
      return known.trim().split('\n').length === count && !/handshake|noaddr/.test(known);
    }),
  );
  await Promise.all(replicas.map((replica, i) => follow(primaries[i % primaryCount]!, replica)));
  await until('each replica is sent what is written', async () =>
    (
      await Promise.all(
        primaries.map((primary, i) => replicates(replicasOfEach, primary, slotsOf(i, primaryCount))),
      )
    ).every(Boolean),
  );
  await until('the cluster is whole', () =>
    allOf(nodes, async (redis) => {
      const about = await redis.cluster('INFO');
      return about.includes('cluster_state:ok') && about.includes(`cluster_size:${primaryCount}`);
    }),
  );
  const env = {
    REDIS_URL: '',
    REDIS_CLUSTER_NODES: nodes.map(({ url }) => new URL(url).host).join(','),
    REDIS_PASSWORD: password,
  };
  return { env, primaries, replicas };
}

/** As a shop would have it: three primaries, and a replica of each. */
export const startSafeCluster = () => startRedisCluster(3, 1);

export async function stopRedisCluster({ primaries, replicas }: RedisCluster): Promise<void> {
  await Promise.all([...replicas, ...primaries].map((node) => node.stop()));
}

/** Resolves once this replica is a primary, and so many others know it. */
export async function promotedInCluster({ url }: Service, others: readonly Service[]): Promise<void> {
  const { port } = new URL(url);
  await until('the replica is promoted', async () => {
    const knowsIt = async (redis: Redis) =>
      ((await redis.cluster('SLOTS')) as unknown as [number, number, [string, number]][]).some(
        ([, , primary]) => primary[1] === Number(port),
      );
    return allOf([{ url }, ...others], knowsIt);
  });
}

/** The first and the last slot of a primary. */
function slotsOf(i: number, primaries: number): [number, number] {
  const boundary = (n: number) => Math.round((n * SLOTS) / primaries);
  return [boundary(i), boundary(i + 1) - 1];
}

async function follow(primary: Service, replica: Service): Promise<void> {
  const id = await askRedis<string>(primary.url, (redis) => redis.cluster('MYID'));
  await until('a replica follows', async () => {
    await askRedis(replica.url, (redis) => redis.cluster('REPLICATE', id));
    return (await linkOf(replica.url)) === 'up';
  });
}

/** Whether so many replicas have what is written to this primary now. */
const replicates = (count: number, { url }: Service, [first, last]: readonly [number, number]) =>
  askRedis(url, async (redis) => {
    for (let i = 0; ; i++) {
      const key = `written-${i}`;
      const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', key));
      if (slot < first || slot > last) continue;
      await redis.set(key, '', 'PX', 1);
      return (await redis.wait(count, PATIENCE_MS)) >= count;
    }
  });

const allOf = async (nodes: readonly Pick<Service, 'url'>[], is: (redis: Redis) => Promise<boolean>) =>
  (await Promise.all(nodes.map(({ url }) => askRedis(url, is)))).every(Boolean);
