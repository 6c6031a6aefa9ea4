import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createClient, Exception, type Stat } from 'node-zookeeper-client';
import { Connection } from '../../src/drivers/zookeeper/connection.js';
import { codeOf } from '../../src/drivers/zookeeper/session.js';
import type { Place } from './stores/store.js';

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

  /** The nodes that are queued for a resource, in their order. */
  async queue(resource: string): Promise<Place[]> {
    const parent = `/lock/${parentOf(resource)}`;
    const nodes = await this.children(parent);
    const keys = nodes
      .toSorted((a, b) => (a.slice(-10) < b.slice(-10) ? -1 : 1))
      .map((node) => `${parent}/${node}`);
    const stats = await Promise.all(keys.map((key) => this.stat(key)));
    return keys.flatMap((key, i) => {
      const stat = stats[i]; // none: it has gone meanwhile
      if (!stat) return [];
      return { key, created: stat.czxid.readBigInt64BE(), session: stat.ephemeralOwner.toString('hex') };
    });
  }

  /** Of the clients that are connected. */
  async sessions(): Promise<string[]> {
    const connections = (await this.ask('cons')).matchAll(/sid=0x([0-9a-f]+)/g);
    const ids = [...connections].map(([, id]) => id!.padStart(16, '0'));
    return ids.filter((id) => id !== this.client.getSessionId().toString('hex'));
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

  /** Takes a session over and closes it. Its client must be cut off, else it takes it back. */
  async endSession(id: string): Promise<void> {
    const sessionId = Buffer.from(id, 'hex');
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
    return Number(new RegExp(`^${name}\\t(\\d+)$`, 'm').exec(await this.ask('mntr'))?.[1]);
  }

  /** One of ZooKeeper's four-letter words. */
  private async ask(word: string): Promise<string> {
    const { hostname, port } = new URL(`tcp://${this.hosts}`);
    const socket = connect(Number(port), hostname);
    socket.write(word);
    return text(socket);
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
