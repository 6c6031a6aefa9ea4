import { startZookeeper } from '../../../../../local/services/zookeeper.js';
import { ZookeeperOperator } from '../zookeeper-operator.js';
import { crashable } from './crashable.js';
import { seenInQueue, type Sessions, type Store } from './store.js';

export async function zookeeperStore(): Promise<Store> {
  const server = await startZookeeper();
  let operator = await ZookeeperOperator.at(server.url);
  const sessions: Sessions = {
    // The least is two ticks; the most is a setting.
    ttls: [
      [10, 1_000],
      [5_000, 5_000],
      [3_600_000, 600_000],
    ],
    queue: (resource) => operator.queue(resource),
    alive: () => operator.sessions(),
    remove: (node) => operator.remove(node),
    end: async (session, network) => {
      network.cut(); // else its client takes it back
      await operator.endSession(session);
      network.heal();
    },
  };
  const { kill, start, forget } = crashable('ZOOKEEPER_HOSTS', [server]);
  return {
    backends: { zookeeper: server.url },
    footprint: async () => ({
      nodes: await operator.figure('zk_znode_count'),
      watches: await operator.figure('zk_watch_count'),
      connections: await operator.figure('zk_num_alive_connections'),
    }),
    sessions,
    ...seenInQueue(sessions),
    kill,
    start,
    forget: async () => {
      await operator.close();
      await forget!();
      operator = await ZookeeperOperator.at(server.url); // its session would not be let in: it has seen later changes
    },
    stop: async () => {
      await operator.close();
      await server.stop();
    },
  };
}
