import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createClient, Exception, type Client } from 'node-zookeeper-client';

/** What an operator of ZooKeeper sees and can do. */
export class ZookeeperOperator {
  private constructor(
    private readonly hosts: string,
    private readonly client: Client,
  ) {}

  static async at(hosts: string): Promise<ZookeeperOperator> {
    const client = createClient(hosts, { spinDelay: 50 });
    const connected = once(client, 'connected');
    client.connect();
    await connected;
    return new ZookeeperOperator(hosts, client);
  }

  /** Paths of the nodes that are queued for a resource, in their order. */
  async queue(resource: string): Promise<string[]> {
    const parent = `/lock/of-${encodeURIComponent(resource)}`;
    const nodes = await this.children(parent);
    return nodes
      .toSorted((a, b) => (a.slice(-10) < b.slice(-10) ? -1 : 1))
      .map((node) => `${parent}/${node}`);
  }

  /** Names of the nodes below a path; none where that does not exist. */
  children(path: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.client.getChildren(path, (error, names) => {
        if (error && !(error instanceof Exception && error.code === Exception.NO_NODE))
          reject(error as Error);
        else resolve(names ?? []);
      });
    });
  }

  remove(path: string): Promise<void> {
    return promisify<string, void>((of, done) => this.client.remove(of, done as never))(path);
  }

  /** Ends the session that owns a node: takes the session over and closes it. */
  async expireOwner(path: string): Promise<void> {
    const sessionId = await new Promise<Buffer>((resolve, reject) => {
      this.client.exists(path, (error, stat) =>
        error || !stat ? reject(error as Error) : resolve(stat.ephemeralOwner),
      );
    });
    const options = { sessionId, sessionPassword: passwordOf(sessionId) };
    const usurper = createClient(this.hosts, options as never);
    const connected = once(usurper, 'connected');
    usurper.connect();
    await connected;
    const closed = once(usurper, 'disconnected');
    usurper.close();
    await closed;
  }

  /** One of the figures that the server's `mntr` command tells. */
  async figure(name: string): Promise<number> {
    const { hostname, port } = new URL(`tcp://${this.hosts}`);
    const socket = connect(Number(port), hostname);
    socket.write('mntr');
    return Number(new RegExp(`^${name}\\t(\\d+)$`, 'm').exec(await text(socket))?.[1]);
  }

  close() {
    this.client.close();
  }
}

/** As the server makes it (SessionTracker's id, xored with a constant, seeds java.util.Random). */
function passwordOf(sessionId: Buffer): Buffer {
  const mask = (1n << 48n) - 1n;
  const multiplier = 0x5deece66dn;
  let seed = (sessionId.readBigInt64BE() ^ 0xb3415c00n ^ multiplier) & mask;
  const password = Buffer.alloc(16);
  for (let i = 0; i < 16; i += 4) {
    seed = (seed * multiplier + 0xbn) & mask;
    password.writeInt32LE(Number(BigInt.asIntN(32, seed >> 16n)), i);
  }
  return password;
}
