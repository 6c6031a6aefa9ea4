import { randomUUID } from 'node:crypto';
import { Exception } from 'node-zookeeper-client';
import { codeOf, type Children, type Session } from './session.js';

/**
 * A caller's place: an ephemeral node, numbered by ZooKeeper. The lowest holds the lock, the others watch the next lower one. A UUID
 * finds the node again when an answer got lost.
 * Sources: ZooKeeper recipes, "Locks"; Apache Curator, InterProcessMutex and its "protection".
 */
export class Place {
  readonly id = randomUUID();
  readonly #isFirst: boolean;
  #joined: Promise<Children>;
  #node: string | undefined;
  #left = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly session: Session,
    private readonly parent: string,
  ) {
    this.#isFirst = session.enter(parent);
    this.#joined = this.#join();
    this.#joined.catch(() => undefined); // seen by whoever waits
  }

  /** Resolves once the place is in the queue. */
  async joined(): Promise<void> {
    await this.#joined;
  }

  /**
   * Resolves once nobody is ahead, to the fencing token: the zxid of the last change in the queue. The next holder sees a later one, the
   * deletion of this node.
   *
   * @param onContended called whenever somebody is ahead
   */
  async first(onContended: () => void): Promise<bigint> {
    let queue = await this.#joined;
    for (;;) {
      if (this.#left) throw new Error('its caller has left the queue');
      if (!this.#node || !queue.names.includes(this.#node)) {
        queue = await (this.#joined = this.#join()); // somebody deleted our node: queue up anew
        continue;
      }
      const ahead = nextAhead(queue.names, this.#node);
      if (!ahead) return queue.hasBase ? queue.zxid + (await this.session.baseOf(this.parent)) : queue.zxid;
      onContended();
      await this.#changeOf(`${this.parent}/${ahead}`);
      queue = await this.#look();
    }
  }

  /** Whether the place is still ours, by the leader of the servers. */
  isOurs(): Promise<boolean> {
    return this.session.check(`${this.parent}/${this.#node}`);
  }

  /** Resolves, when it is certain that the node has gone, to whether it was still there. */
  async leave(): Promise<boolean> {
    if (!this.#left) this.session.exit(this.parent);
    this.#left = true;
    this.#wake();
    await this.#joined.catch(() => undefined); // it may yet create the node
    if (!this.#node) return false;
    for (let mayBeDone = false; ; mayBeDone = true) {
      try {
        await this.session.remove(`${this.parent}/${this.#node}`);
        return true;
      } catch (error) {
        if (this.session.lost.aborted) return false;
        if (codeOf(error) === Exception.NO_NODE) return mayBeDone;
        if (codeOf(error) !== Exception.CONNECTION_LOSS) throw error;
      }
    }
  }

  /** Creates the node once and only once, whatever gets lost. */
  async #join(): Promise<Children> {
    for (let mayBeIn = false; ;) {
      try {
        const queue = mayBeIn ? await this.#find() : await this.#enter();
        if (queue) return queue;
        mayBeIn = false;
      } catch (error) {
        if (codeOf(error) === Exception.NO_NODE) await this.session.makePath(this.parent);
        else if (codeOf(error) === Exception.CONNECTION_LOSS) mayBeIn = true;
        else throw error;
      }
    }
  }

  /** One round trip for all three: a session's requests are carried out in the order they are sent. */
  async #enter(): Promise<Children> {
    if (this.#isFirst) this.session.create(this.parent).catch(() => undefined); // refused where another process did
    const created = this.session.createNext(`${this.parent}/${this.id}-`);
    const [queue] = await Promise.all([this.session.children(this.parent), created]);
    return this.#recognise(queue) ?? queue;
  }

  /** The queue if our node is in it. Once the leader has answered, it refuses what was sent on an earlier connection. */
  async #find(): Promise<Children | undefined> {
    await this.session.check('/');
    return this.#recognise(await this.#look());
  }

  async #changeOf(path: string): Promise<void> {
    let unwatch: () => void = () => undefined;
    await new Promise<void>((wake) => {
      this.#wake = wake;
      unwatch = this.session.watch(path, wake);
    });
    unwatch();
  }

  #recognise(queue: Children) {
    this.#node = queue.names.find((name) => name.startsWith(this.id));
    return this.#node ? queue : undefined;
  }

  async #look(): Promise<Children> {
    try {
      return await this.session.children(this.parent);
    } catch (error) {
      if (codeOf(error) === Exception.NO_NODE) return { names: [], zxid: 0n, hasBase: false };
      throw error;
    }
  }
}

/** The number that ZooKeeper has given a node. */
const turnOf = (node: string) => Number(node.slice(node.lastIndexOf('-') + 1));

function nextAhead(nodes: readonly string[], own: string): string | undefined {
  const ownTurn = turnOf(own);
  let ahead: string | undefined;
  let aheadTurn = -1;
  for (const node of nodes) {
    const turn = turnOf(node);
    if (turn < ownTurn && turn > aheadTurn) [ahead, aheadTurn] = [node, turn];
  }
  return ahead;
}
