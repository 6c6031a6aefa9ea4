import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createClient, Exception, type Stat } from 'node-zookeeper-client';
import { Connection } from '../../src/drivers/zookeeper/connection.js';
import { codeOf } from '../../src/drivers/zookeeper/session.js';

const nothing = () => undefined;
const parentOf = (resource: string) => `of-${encodeURIComponent(resource)}`;

/** What an operator of ZooKeeper sees and can do. */
export class ZookeeperOperator {
  private constructor(
    private readonly hosts: string,
    private readonly connection: Connection,
  ) {}

  private get client() {
    return this.connection.client;
  }

  static async at(hosts: string): Promise<ZookeeperOperator> {
    const connection = new Connection(hosts, 60_000, nothing);
    const connected = once(connection.client, 'connected');
    connection.client.connect();
    await connected;
    return new ZookeeperOperator(hosts, connection);
  }

  /** Paths of the nodes that are queued for a resource, in their order. */
  async queue(resource: string): Promise<string[]> {
    const parent = `/lock/${parentOf(resource)}`;
    const nodes = await this.children(parent);
    return nodes
      .toSorted((a, b) => (a.slice(-10) < b.slice(-10) ? -1 : 1))
      .map((node) => `${parent}/${node}`);
  }

  /** How many of these resources have a parent. */
  async parents(resources: string[]): Promise<number> {
    const parents = new Set(await this.children('/lock'));
    return new Set(resources.map(parentOf).filter((parent) => parents.has(parent))).size;
  }

  /** Names of the nodes below a path; none where that does not exist. */
  private children(path: string): Promise<string[]> {
    const children = promisify<string, string[]>((of, done) => this.client.getChildren(of, done));
    return children(path).catch((error: unknown) => {
      if (codeOf(error) === Exception.NO_NODE) return [];
      throw error;
    });
  }

  remove(path: string): Promise<void> {
    return promisify<string, void>((of, done) => this.client.remove(of, done as never))(path);
  }

  /** Ends the session that owns a node: takes it over and closes it. Its client must be cut off, else it takes it back. */
  async expireOwner(path: string): Promise<void> {
    const sessionId = (await this.stat(path))!.ephemeralOwner;
    const usurper = createClient(this.hosts, { sessionId, sessionPassword: passwordOf(sessionId) } as never);
    const connected = once(usurper, 'connected');
    usurper.connect();
    await connected;
    const closed = once(usurper, 'disconnected');
    usurper.close();
    await closed;
  }

  private stat(path: string): Promise<Stat | null> {
    return promisify<string, Stat | null>((of, done) => this.client.exists(of, done))(path);
  }

  /** One of the figures that the server's `mntr` command tells. */
  async figure(name: string): Promise<number> {
    const { hostname, port } = new URL(`tcp://${this.hosts}`);
    const socket = connect(Number(port), hostname);
    socket.write('mntr');
    return Number(new RegExp(`^${name}\\t(\\d+)$`, 'm').exec(await text(socket))?.[1]);
  }

  close(): Promise<void> {
    return this.connection.stop();
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
