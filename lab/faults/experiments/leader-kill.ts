import { setTimeout as sleep } from 'node:timers/promises';
import { isCassandraServing, startCassandraCluster } from '../../../local/services/cassandra.js';
import { startConsul } from '../../../local/services/consul.js';
import { isEtcdLeader, startEtcdCluster } from '../../../local/services/etcd.js';
import type { Service } from '../../../local/services/service.js';
import type { ServerName } from '../../../local/services/services.js';
import { isZookeeperLeader, startZookeeperEnsemble } from '../../../local/services/zookeeper.js';
import { now } from '../../clock.js';
import type { Observation } from '../cell.js';
import { grantsBetween, longestPause } from '../checks.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { grants } from '../grants.js';
import { leaderOf } from '../leader.js';
import type { LabLock } from '../locks.js';
import { ongoingSale } from '../ongoing-sale.js';
import { strikeCoordinators } from './coordinator-kill.js';

/** A grant that the store gave before it was struck may be heard of by then, in milliseconds. */
const UNDER_WAY_MS = 1_500;

interface Ensemble {
  readonly driver: LabLock & ServerName;
  readonly variant: string;
  readonly start: () => Promise<Service[]>;
  /** Of members that have no leader: whether it serves, as each coordinates what it is asked. Absent where there is only one server. */
  readonly isLeader?: (url: string) => Promise<boolean>;
}

const ENSEMBLES: readonly Ensemble[] = [
  { driver: 'etcd', variant: 'three members', start: startEtcdCluster, isLeader: isEtcdLeader },
  {
    driver: 'zookeeper',
    variant: 'three members',
    start: startZookeeperEnsemble,
    isLeader: isZookeeperLeader,
  },
  {
    driver: 'cassandra',
    variant: 'three nodes',
    start: startCassandraCluster,
    isLeader: isCassandraServing,
  },
  { driver: 'consul', variant: 'one server', start: async () => [await startConsul()] },
];

export const leaderKill: Experiment = {
  name: 'leader-kill',
  title: 'a consensus store loses its leader, then its majority, while three processes sell',
  explanation: `Three processes sell under one lock, without a fence: the lock alone keeps them apart. The leader of the store is killed: the other two members elect
another one and the sale goes on after a pause, with the queue, the holder and the tokens as they were, since each grant was on the disks of a majority before
anybody heard of it. Then two members are dead at once: what is left cannot decide anything, so nobody is granted the lock until one of them is back. That is
the price of consensus, and what it buys: the sale stands still instead of going wrong. Of Consul one server is tried: it is killed and comes back with its disk.
Cassandra has no leader: any node is killed, and each transaction is a Paxos of its own that another node finishes. In a cell of its own its
nodes are frozen in turn while transactions are on their way through them, for longer than anybody waits for an answer, and then go on, or are killed: whoever asked
does not know whether it was granted. The moment between the proposal and its commit is not aimed at, but struck by chance.
Checked are that no two held the lock at once, that no grant was given while there was no majority, that the tokens grew all the time, and
that in the end each order is settled and the stock is right.`,
  sources: [
    {
      title: 'Ongaro, Ousterhout, In search of an understandable consensus algorithm (2014)',
      url: 'https://raft.github.io/raft.pdf',
    },
    {
      title: 'Hunt et al., ZooKeeper: wait-free coordination for Internet-scale systems (2010)',
      url: 'https://www.usenix.org/legacy/event/atc10/tech/full_papers/Hunt.pdf',
    },
    { title: 'etcd: failure modes', url: 'https://etcd.io/docs/v3.5/op-guide/failures/' },
  ],
  atOnce: 3,
  cells: [
    ...ENSEMBLES.map((ensemble): CellPlan => ({
      driver: ensemble.driver,
      fence: false,
      variant: ensemble.variant,
      expected: 'SAFE',
      needs: [],
      run: (options) => killServers(ensemble, options),
    })),
    {
      driver: 'cassandra',
      fence: false,
      variant: 'coordinators frozen, then killed',
      expected: 'SAFE',
      needs: [],
      run: strikeCoordinators,
    },
  ],
};

async function killServers(
  { driver, start, isLeader }: Ensemble,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const { history, random } = scene;
  const members = await start();
  const sale = await ongoingSale(scene, driver, members, ttl);
  const someGrants = () => grants(history, random.between(5, 15));

  await someGrants();
  let failoverMs: number | undefined;
  if (isLeader) {
    const leader = await leaderOf(members, isLeader);
    const killedAt = await scene.kill('leader', leader);
    await leaderOf(members, isLeader);
    await grants(history, 1);
    const repairedAt = history.note('leader', 'repaired', 'comes back');
    await leader.start();
    failoverMs = longestPause(history, killedAt, repairedAt);
    await someGrants();
  }

  const survivor = isLeader ? await follower(members, isLeader) : undefined;
  const victims = members.filter((member) => member !== survivor);
  await scene.kill('majority', ...victims);
  const lostAt = now();
  await sleep(random.between(2_000, 4_000));
  const repairedAt = history.note('majority', 'repaired', 'comes back');
  await Promise.all(victims.map((victim) => victim.start()));
  await grants(history, 1);
  const recoveredAt = now();
  await someGrants();

  const { harms, violations, orders } = await sale.end();
  const early = grantsBetween(history, lostAt + UNDER_WAY_MS, repairedAt).length;
  return {
    harms,
    fired:
      grantsBetween(history, 0, lostAt).length > 0 && grantsBetween(history, repairedAt, Infinity).length > 0,
    violations: [...violations, ...(early > 0 ? [`${early} grants without a majority`] : [])],
    figures: {
      orders,
      ...(failoverMs !== undefined && { failoverMs }),
      withoutMajorityMs: repairedAt - lostAt,
      recoveredAfterMs: recoveredAt - repairedAt,
    },
    account: [
      ...(failoverMs === undefined
        ? []
        : [`no grants for ${Math.round(failoverMs)} ms after the leader was killed`]),
      `none without a majority`,
      `again ${Math.round(recoveredAt - repairedAt)} ms after its return began; ${orders} orders settled`,
    ].join(', '),
    timeline: history.events,
  };
}

/** One that does not lead: the one that is left when the others are killed. */
async function follower(
  members: readonly Service[],
  isLeader: (url: string) => Promise<boolean>,
): Promise<Service> {
  const leader = await leaderOf(members, isLeader);
  return members.find((member) => member !== leader)!;
}
