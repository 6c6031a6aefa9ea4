import { Cluster, Redis } from 'ioredis';
import { onFreePort } from '../../../../local/processes/free-port.js';
import { dataDirectory, nextName, startServer, type Service } from '../../../../local/services/service.js';
import { providePrivateRedis } from '../../../../local/setup/redis.js';
import { eventually } from './eventually.js';

const SLOTS = 16_384;
/** Nodes talk to each other on a port that is 10,000 higher: that one, too, shall be none of those given to clients. */
const HIGHEST_PORT = 22_768;

/** A real Redis Cluster of three primaries. */
export class RedisCluster {
  private constructor(
    private readonly nodes: readonly Service[],
    readonly connection: Cluster,
  ) {}

  static async start(): Promise<RedisCluster> {
    const nodes = await Promise.all([startNode(), startNode(), startNode()]);
    const clients = nodes.map(({ url }) => new Redis(url));
    const ports = nodes.map(({ url }) => new URL(url).port);
    const share = Math.ceil(SLOTS / nodes.length);
    for (const [i, client] of clients.entries()) {
      const last = Math.min((i + 1) * share, SLOTS) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', i * share, last);
      if (i > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', ports[0]!);
    }
    const isWhole = async (client: Redis) => {
      const info = await client.cluster('INFO');
      return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
    };
    for (const client of clients) await eventually('the cluster is whole', () => isWhole(client));
    for (const client of clients) client.disconnect();
    return new RedisCluster(
      nodes,
      new Cluster(ports.map((port) => ({ host: '127.0.0.1', port: Number(port) }))),
    );
  }

  async stop(): Promise<void> {
    this.connection.disconnect();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

async function startNode(): Promise<Service> {
  const provider = await providePrivateRedis();
  if (!('file' in provider)) throw new Error('a cluster for tests needs redis-server on this machine');
  const name = nextName('redis-cluster');
  const directory = await dataDirectory(name);
  const start = (port: number) =>
    startServer({
      name,
      url: `redis://127.0.0.1:${port}`,
      command: {
        file: provider.file,
        args: ['-'],
        input: `bind 127.0.0.1\nport ${port}\ndir "${directory}"\nsave ""\ncluster-enabled yes\n`,
      },
      isReady: async (url) => {
        const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
        redis.on('error', () => undefined);
        return redis
          .connect()
          .then(
            () => true,
            () => false,
          )
          .finally(() => redis.disconnect());
      },
    });
  return onFreePort(start, HIGHEST_PORT);
}
