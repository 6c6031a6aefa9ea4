import { isEtcdLeader, startEtcdCluster } from '../../../local/services/etcd.js';
import { cutOff, promoted, startReplicatedRedis } from '../../../local/services/redis-sentinel.js';
import { startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { skewedClock } from '../../../local/services/skewed-clock.js';
import type { Servers } from '../../servers.js';
import type { Observation } from '../cell.js';
import { tokensNotGrowing } from '../checks.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { leaderOf } from '../leader.js';
import type { LabLock } from '../locks.js';
import { overtaking } from '../overtaking.js';
import type { Scene } from '../scene.js';

/** Long enough that no lease runs out before a failover is over, however busy the machine, in milliseconds. */
const LEAST_TTL_MS = 30_000;

/** A store, and what makes another server of it take over. */
interface Store {
  readonly servers: Servers;
  /** What the victim is to the others. */
  readonly role: string;
  readonly victim: Service;
  /** Happens right before the first asks for the lock. */
  readonly beforehand?: () => Promise<unknown>;
  /** Resolves once the store goes on without the victim. */
  readonly recovered: () => Promise<unknown>;
}

interface Plan {
  readonly driver: LabLock;
  readonly fence?: boolean;
  readonly variant?: string;
  readonly grantsTwice: boolean;
  /** How many replicas must have a grant before it counts. */
  readonly replicas?: number;
  readonly start: (scene: Scene) => Promise<Store>;
}

const PLANS: readonly Plan[] = [
  { driver: 'redis-setnx', grantsTwice: true, start: laggingReplica },
  { driver: 'redis', grantsTwice: true, start: laggingReplica },
  { driver: 'redis', fence: true, grantsTwice: true, start: laggingReplica },
  {
    driver: 'redis',
    fence: true,
    variant: 'the tokens go back',
    grantsTwice: true,
    start: async (scene) => laggingReplica(scene, scene.random.between(30_000, 90_000)),
  },
  {
    driver: 'redis-setnx',
    variant: 'WAIT 1, that replica takes over',
    grantsTwice: false,
    replicas: 1,
    start: twoReplicas,
  },
  {
    driver: 'redis-setnx',
    variant: 'WAIT 1, the other replica takes over',
    grantsTwice: true,
    replicas: 1,
    start: twoReplicasOneLagging,
  },
  { driver: 'redlock', grantsTwice: false, start: fiveServers },
  { driver: 'etcd', grantsTwice: false, start: etcdCluster },
];

export const redisFailover: Experiment = {
  name: 'redis-failover',
  title: 'the primary dies right after a grant, and a replica that never heard of it takes over',
  explanation: `Redis answers before its replicas have a write: replication is asynchronous. One unit is left. A process is granted the lock and reads the stock;
the link to the replica is down at that moment; the primary is killed; the Sentinel promotes the replica, which does not know the lock, and grants it to
another process. Nobody was paused, no lease ran out: the lock is held twice by its own word. Without a fence both write and the unit is sold twice. With
the fence the database refuses whoever was overtaken. The counter of the tokens may be lost with the grant: where the dead primary's clock was ahead, the
new one gives out smaller tokens. The row refuses them, the worker moves the counter above the row's fence and takes the lock anew. WAIT makes a
grant count only once a replica has it, which helps if that replica is the one that takes over, and not if it is another one (nor does it cover what
comes later, such as extensions). Redlock asks a majority of independent servers instead: one that is replaced by an empty one changes nothing. In
etcd a grant is an entry in the log of a majority, and only a member that has it can become leader.`,
  sources: [
    {
      title: 'Redis: distributed locks, "Why failover-based implementations are not enough"',
      url: 'https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/',
    },
    { title: 'Redis: WAIT', url: 'https://redis.io/docs/latest/commands/wait/' },
    { title: 'Jepsen: Redis (2013)', url: 'https://aphyr.com/posts/283-jepsen-redis' },
    {
      title: 'Ongaro, Ousterhout, In search of an understandable consensus algorithm (2014)',
      url: 'https://raft.github.io/raft.pdf',
    },
  ],
  atOnce: 2,
  cells: PLANS.map((plan): CellPlan => {
    const { driver, fence = false, variant, grantsTwice } = plan;
    const expected = grantsTwice && !fence ? 'UNSAFE' : 'SAFE';
    return { driver, fence, variant, expected, needs: [], run: (options) => failover(plan, options) };
  }),
};

async function failover(
  { driver, fence = false, grantsTwice, replicas, start }: Plan,
  { scene, ttl: asked }: CellOptions,
): Promise<Observation> {
  const ttl = Math.max(asked, LEAST_TTL_MS);
  const { servers, role, victim, beforehand, recovered } = await start(scene);
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => scene.actor(name, { ...scene.servers, ...servers })),
  );
  const { history } = scene;
  // Late: a replica that has been without its primary for longer than ten seconds is no candidate for the Sentinel.
  await beforehand?.();
  let failoverMs = 0;
  const seen = await overtaking({
    scene,
    first: first!,
    second: second!,
    grantsTwice,
    locking: { driver, fence, ttl, wait: 2 * ttl, replicas },
    fault: async () => {
      const at = await scene.kill(role, victim);
      await recovered();
      failoverMs = history.note('store', 'repaired', 'goes on') - at;
      return at;
    },
  });
  const reseeded = history.find('second', 'repaired') !== undefined;
  const back = tokensNotGrowing(history.holds()) > 0;
  return {
    harms: seen.harms,
    fired: seen.grantedTwice === grantsTwice,
    violations: [
      ...seen.violations,
      ...(seen.grantedTwice && !grantsTwice ? ['the lock was granted twice'] : []),
      ...(back && !reseeded && fence ? ['the tokens went back, and nobody moved them on'] : []),
    ],
    figures: { failoverMs, ...seen.figures },
    account: accountOf(seen, reseeded),
    timeline: history.events,
  };
}

function accountOf(seen: { grantedTwice: boolean; harms: readonly string[] }, reseeded: boolean): string {
  if (!seen.grantedTwice)
    return 'the lock outlived the server: the second was kept out until the first was done';
  if (seen.harms.length > 0) return `granted twice, and both wrote: ${seen.harms.join(', ')}`;
  return reseeded
    ? 'granted twice, with a smaller token; the row refused it, the counter was moved on, and then the write of the first was refused'
    : 'granted twice; the write of the first was refused by the fence';
}

/** @param aheadMs how far the clock of the primary, and with it its tokens, is ahead of the replica's */
async function laggingReplica(scene: Scene, aheadMs = 0): Promise<Store> {
  const clock = aheadMs > 0 ? await skewedClock(aheadMs) : undefined;
  const { cutOffNext: beforehand, ...store } = await replicatedRedis(scene, 1, clock);
  return { ...store, beforehand };
}

function twoReplicas(scene: Scene): Promise<Store> {
  return replicatedRedis(scene, 2);
}

async function twoReplicasOneLagging(scene: Scene): Promise<Store> {
  const { cutOffNext: beforehand, ...store } = await replicatedRedis(scene, 2);
  return { ...store, beforehand };
}

async function replicatedRedis(scene: Scene, count: number, clock?: Awaited<ReturnType<typeof skewedClock>>) {
  const redis = await startReplicatedRedis(count, { clock });
  scene.owns(redis.primary, ...redis.sentinels, ...redis.replicas);
  const [next] = redis.replicas;
  return {
    servers: { redis: redis.url },
    role: 'primary',
    victim: redis.primary,
    recovered: () => promoted(redis, next!),
    cutOffNext: async () => {
      await cutOff(next!);
      scene.history.note('replica', 'fault', 'cut off');
    },
  };
}

/** Of which one is replaced by an empty one, as if a replica had taken over that had seen nothing. */
async function fiveServers(scene: Scene): Promise<Store> {
  const servers = await Promise.all(Array.from({ length: 5 }, () => startRedisProgram({ fsync: 'never' })));
  scene.owns(...servers);
  const victim = scene.random.pick(servers);
  return {
    servers: { redlock: servers.map(({ url }) => url).join(',') },
    role: 'voter',
    victim,
    recovered: () => victim.start(),
  };
}

async function etcdCluster(scene: Scene): Promise<Store> {
  const members = await startEtcdCluster();
  scene.owns(...members);
  return {
    servers: { etcd: members.map(({ url }) => url).join(',') },
    role: 'leader',
    victim: await leaderOf(members, isEtcdLeader),
    recovered: () => leaderOf(members, isEtcdLeader),
  };
}
