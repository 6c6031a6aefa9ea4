import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import zookeeper from 'node-zookeeper-client';
import { startZookeeper } from '../../../../../tools/services/zookeeper.js';
import { crashable } from './crashable.js';
import type { Store } from './store.js';

export async function zookeeperStore(): Promise<Store> {
  const server = await startZookeeper();
  const admin = zookeeper.createClient(server.url, { sessionTimeout: 60_000 });
  admin.connect();
  await once(admin, 'connected');
  const parentOf = (resource: string) => `/lock/of-${encodeURIComponent(resource)}`;
  const contenders = async (resource: string) => {
    const parent = parentOf(resource);
    const children = promisify<string, string[]>((path, done) => admin.getChildren(path, done));
    const names = await children(parent).catch(() => []); // nobody contends, nobody is there
    return names
      .toSorted((a, b) => Number(a.slice(-10)) - Number(b.slice(-10)))
      .map((name) => `${parent}/${name}`);
  };
  return {
    backends: { zookeeper: server.url },
    footprint: async () => {
      const monitor = await ask(server.url, 'mntr');
      const figure = (name: string) => Number(new RegExp(`zk_${name}\\s+(\\d+)`).exec(monitor)?.[1]);
      return {
        nodes: figure('znode_count'),
        watches: figure('watch_count'),
        connections: figure('num_alive_connections'),
      };
    },
    loseLock: async (resource) => {
      const [holder] = await contenders(resource);
      await promisify<string, void>((path, done) => admin.remove(path, done))(holder!);
    },
    waiters: async (resource) => Math.max((await contenders(resource)).length - 1, 0),
    ...crashable('ZOOKEEPER_HOSTS', [server]),
    stop: async () => {
      admin.close();
      await server.stop();
    },
  };
}

/** One of ZooKeeper's four-letter words. */
async function ask(address: string, word: string): Promise<string> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(word);
  return text(socket);
}
