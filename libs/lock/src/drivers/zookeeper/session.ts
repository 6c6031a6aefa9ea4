import { EventEmitter, setMaxListeners } from 'node:events';
import { CreateMode, Exception, State, type Client, type Event, type Stat } from 'node-zookeeper-client';
import { Connection } from './connection.js';

/** How long opening a session may take, in milliseconds. */
const OPEN_MS = 3_000;
/** Servers grant two of their ticks at least: with less, the client library would only give up sooner. */
const LEAST_TIMEOUT_MS = 1_000;

/**
 * A server that is silent for so long is asked, and then left for another one, in milliseconds; sooner where the session would not
 * outlast it.
 */
const ASK_AFTER_MS = 3_000;
const LEAVE_AFTER_MS = 6_000;

/** How long a parent is kept that this session no longer uses, in milliseconds. */
const KEEP_PARENT_MS = 200;

/** The version of a node whose data were never set. */
const UNCHANGED = 0;

type Done<T> = (error: Error | Exception | null | undefined, value?: T) => void;
type Send<T> = (client: Client, done: Done<T>) => void;

export interface Children {
  readonly names: readonly string[];
  /** Of the last change among them. */
  readonly zxid: bigint;
  /** Whether the parent has been given a base for tokens. */
  readonly hasBase: boolean;
}

/** What ZooKeeper answered: a code of {@link Exception}, or undefined for another error. */
export const codeOf = (error: unknown) => (error instanceof Exception ? error.code : undefined);

const DENIALS = new Set([Exception.NO_AUTH, Exception.AUTH_FAILED, Exception.INVALID_ACL]);

/** See {@link LockDriver.remedyFor}. */
export const zookeeperRemedy = (error: unknown) =>
  DENIALS.has(codeOf(error) ?? 0)
    ? 'let its client create, read and delete nodes below /lock, or put who it is in front of its hosts, user:password@host:2181'
    : undefined;

/**
 * One ZooKeeper session, with which its ephemeral nodes end. It survives a lost connection, as the library reconnects. It ends when
 * the servers say so, or when no answer has proven it for its time-out. Its end rejects every open request.
 */
export class Session {
  /** Rejects when no server opens a session within a few seconds. */
  readonly ready: Promise<void>;
  readonly #connection: Connection;
  readonly #ended = new AbortController();
  readonly #open = new Set<(reason: Error) => void>();
  readonly #queued = new Map<string, number>();
  readonly #unused = new Map<string, NodeJS.Timeout>();
  readonly #changed = new EventEmitter().setMaxListeners(0);
  #timer: NodeJS.Timeout;
  #provenAt = 0;
  /** Of the present connection; never, while there is none. */
  #connectedAt = Infinity;

  /** @param timeout in milliseconds; the servers' answer to it is {@link timeout} */
  constructor(servers: string, timeout: number) {
    setMaxListeners(0, this.lost); // two per lock
    const onGarbage = (error: Error) => void this.#end(error);
    this.#connection = new Connection(servers, Math.max(timeout, LEAST_TIMEOUT_MS), onGarbage);
    this.ready = this.#request<void>((client, done) => client.once('connected', () => done(null)));
    this.ready.catch(() => undefined); // seen by whoever waits
    this.#timer = setTimeout(() => void this.#end(new Error(`no session within ${OPEN_MS} ms`)), OPEN_MS);
    this.#connection.client.once('connected', this.#begin).on('state', this.#follow).connect();
  }

  /** Aborts at the session's end. */
  get lost(): AbortSignal {
    return this.#ended.signal;
  }

  /** How long the servers keep the session after a sign of life, in milliseconds. */
  get timeout() {
    return this.#connection.client.getSessionTimeout();
  }

  /** `performance.now()` from before the last request was sent that proved the session. */
  get provenAt() {
    return this.#provenAt;
  }

  /** Notes a new place below `parent`. Returns whether the parent may be missing. */
  enter(parent: string): boolean {
    this.#queued.set(parent, (this.#queued.get(parent) ?? 0) + 1);
    const wasKept = clearTimeoutOf(this.#unused, parent);
    return !wasKept && this.#queued.get(parent) === 1;
  }

  /** Notes that a place has gone. An empty parent is kept for a moment: under load each turn would remove and create it. */
  exit(parent: string) {
    const others = this.#queued.get(parent)! - 1;
    if (others > 0) {
      this.#queued.set(parent, others);
      return;
    }
    this.#queued.delete(parent);
    const timer = setTimeout(() => this.#removeUnused(parent), KEEP_PARENT_MS).unref();
    this.#unused.set(parent, timer);
  }

  /** Refused while another process queues there. */
  #removeUnused(parent: string) {
    clearTimeoutOf(this.#unused, parent);
    this.removeParent(parent).catch(() => undefined);
  }

  async makePath(path: string): Promise<void> {
    await this.#untilAnswered(() => this.#write<string>((client, done) => client.mkdirp(path, done)));
  }

  async create(path: string): Promise<void> {
    await this.#write<string>((client, done) => client.create(path, done));
  }

  /** Creates a node that ends with the session, its name being `prefix` and a number that grows. */
  async createNext(prefix: string): Promise<void> {
    await this.#write<string>((client, done) => client.create(prefix, CreateMode.EPHEMERAL_SEQUENTIAL, done));
  }

  async remove(path: string): Promise<void> {
    await this.#write<void>((client, done) => client.remove(path, (error) => done(error)));
  }

  /** Refused while it has children, and for ever once it has a base. */
  async removeParent(path: string): Promise<void> {
    await this.#write<void>((client, done) => client.remove(path, UNCHANGED, (error) => done(error)));
  }

  /** What the tokens of a parent's children count from. */
  async baseOf(parent: string): Promise<bigint> {
    return (await this.#base(parent)).base;
  }

  /** Makes it at least `least`. */
  async raiseBase(parent: string, least: bigint): Promise<void> {
    for (;;) {
      try {
        const { base, version } = await this.#base(parent);
        if (base >= least) return;
        const data = Buffer.from(String(least));
        return await this.#write<void>((client, done) =>
          client.setData(parent, data, version, (error) => done(error)),
        );
      } catch (error) {
        if (codeOf(error) === Exception.NO_NODE) await this.makePath(parent);
        else if (codeOf(error) !== Exception.BAD_VERSION && codeOf(error) !== Exception.CONNECTION_LOSS)
          throw error;
      }
    }
  }

  async #base(parent: string): Promise<{ base: bigint; version: number }> {
    const [data, stat] = await this.#untilAnswered(() =>
      this.#request<[Buffer | undefined, Stat]>((client, done) =>
        client.getData(parent, (error, ...answer) => done(error, answer)),
      ),
    );
    return { base: stat.version === UNCHANGED ? 0n : BigInt(data!.toString()), version: stat.version };
  }

  /**
   * Whether the node exists, by the leader, after everything that this session sent before. A plain read asks only the
   * server at hand, which may have lost its leader.
   */
  async check(path: string): Promise<boolean> {
    try {
      await this.#untilAnswered(() =>
        this.#write<unknown>((client, done) => client.transaction().check(path).commit(done)),
      );
      return true;
    } catch (error) {
      if (codeOf(error) === Exception.NO_NODE) return false;
      throw error;
    }
  }

  async children(path: string): Promise<Children> {
    const [names, stat] = await this.#untilAnswered(() =>
      this.#request<[string[], Stat]>((client, done) =>
        client.getChildren(path, (error, ...answer) => done(error, answer)),
      ),
    );
    return { names, zxid: stat.pzxid.readBigInt64BE(), hasBase: stat.version !== UNCHANGED };
  }

  /**
   * Calls `wake` when the node changes or is gone, or the session has ended. Returns what stops that. By `getData`, as an `exists` would
   * leave a watch on a node that is gone; by one watcher, as the library lets go of none.
   */
  watch(path: string, wake: () => void): () => void {
    this.#changed.once(path, wake);
    this.#request<Buffer>((client, done) => client.getData(path, this.#hear, done)).catch(wake);
    return () => this.#changed.off(path, wake);
  }

  async close(): Promise<void> {
    for (const parent of this.#unused.keys()) this.#removeUnused(parent);
    await this.#end(new Error('closed'));
  }

  #request<T>(send: Send<T>): Promise<T> {
    if (this.lost.aborted) return Promise.reject(this.lost.reason as Error);
    return new Promise<T>((resolve, reject) => {
      this.#open.add(reject);
      send(this.#connection.client, (error, value) => {
        this.#open.delete(reject);
        if (!error) return resolve(value as T);
        const failure = error as Error;
        if (codeOf(failure) === Exception.SESSION_EXPIRED) void this.#end(failure);
        reject(failure);
      });
    });
  }

  /** A request that the leader answers: it proves that the session lived when it was sent. */
  async #write<T>(send: Send<T>): Promise<T> {
    const sentAt = performance.now();
    const answer = await this.#request(send);
    this.#provenAt = Math.max(this.#provenAt, sentAt);
    return answer;
  }

  /** Sends again what got lost with its connection: for what may be done twice. */
  async #untilAnswered<T>(send: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        if (codeOf(error) !== Exception.CONNECTION_LOSS) throw error;
      }
    }
  }

  readonly #hear = (event: Event) => this.#changed.emit(event.path);

  readonly #begin = () => {
    clearTimeout(this.#timer);
    this.#provenAt = performance.now(); // no lock depends on it before the create that follows proves more
    this.#timer = setInterval(this.#keepProven, Math.min(this.timeout / 6, ASK_AFTER_MS / 2));
  };

  readonly #follow = (state: State) => {
    if (state === State.EXPIRED || state === State.AUTH_FAILED) void this.#end(new Error(state.toString()));
    this.#connectedAt = state === State.SYNC_CONNECTED ? performance.now() : Infinity;
    if (state === State.SYNC_CONNECTED) this.#prove();
  };

  /** The library keeps the session alive, but does not notice when no server answers. */
  readonly #keepProven = () => {
    const silence = performance.now() - this.#provenAt;
    const ofThisServer = Math.min(silence, performance.now() - this.#connectedAt);
    if (silence >= this.timeout) void this.#end(new Error(`no server answered for ${this.timeout} ms`));
    else if (ofThisServer >= Math.min((this.timeout * 2) / 3, LEAVE_AFTER_MS)) this.#connection.cut();
    else if (silence >= Math.min(this.timeout / 3, ASK_AFTER_MS)) this.#prove();
  };

  #prove() {
    this.check('/').catch(() => undefined); // silence is what counts
  }

  async #end(reason: Error) {
    if (this.lost.aborted) return;
    clearTimeout(this.#timer);
    for (const parent of this.#unused.keys()) clearTimeoutOf(this.#unused, parent);
    this.#ended.abort(reason);
    for (const reject of this.#open) reject(reason);
    this.#open.clear();
    for (const path of this.#changed.eventNames()) this.#changed.emit(path);
    await this.#connection.stop();
  }
}

/** Returns whether there was one. */
function clearTimeoutOf(timers: Map<string, NodeJS.Timeout>, key: string): boolean {
  clearTimeout(timers.get(key));
  return timers.delete(key);
}
