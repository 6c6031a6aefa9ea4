import { Cluster } from 'ioredis';
import {
  startRedisCluster,
  stopRedisCluster,
  type RedisCluster as Nodes,
} from '../../../../local/services/redis-cluster.js';

/** A real Redis Cluster of three primaries, and a client of all of them. */
export class RedisCluster {
  private constructor(
    readonly nodes: Nodes,
    readonly connection: Cluster,
  ) {}

  static async start(): Promise<RedisCluster> {
    const nodes = await startRedisCluster(3, 0);
    const urls = nodes.primaries.map(({ url }) => url);
    const { REDIS_PASSWORD: password } = nodes.env;
    return new RedisCluster(nodes, new Cluster(urls, { redisOptions: { password } }));
  }

  async stop(): Promise<void> {
    this.connection.disconnect();
    await stopRedisCluster(this.nodes);
  }
}
