import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { isReplica } from '../../connections/redis-connection.js';

/** A server that was heard of last in one of these states is not there: to wait for it would be in vain. */
const AWAY = new Set(['close', 'reconnecting', 'end']);
/** How long a connection may be silent, or take to come about, before it is opened anew, in milliseconds. */
const CONNECTION_TIMEOUT = 2_000;
const RECONNECT_STEP = 50;
const RECONNECT_MAX = 1_000;

const script = (url: URL) => ({ lua: readFileSync(url, 'utf8'), numberOfKeys: 1 });
const scripts = {
  voteExtend: script(new URL('./extend.lua', import.meta.url)),
  voteRelease: script(new URL('./release.lua', import.meta.url)),
};

interface Commands extends Redis {
  voteExtend(lock: string, holder: string, ttl: number): Promise<0 | 1>;
  voteRelease(lock: string, holder: string): Promise<0 | 1>;
}

/**
 * One of the independent servers. Each question rejects when no answer came within `answerMs` milliseconds, and at once
 * while the server is known not to answer; its connection comes back in the background.
 */
export class Voter {
  readonly #redis: Commands;
  /** An answer is missing: until it comes, or the connection ends, the server is not asked for another vote. */
  #silent = false;
  #trouble: Error | undefined;

  constructor(url: string) {
    this.#redis = new Redis(url, {
      scripts,
      lazyConnect: true,
      connectTimeout: CONNECTION_TIMEOUT,
      socketTimeout: CONNECTION_TIMEOUT,
      retryStrategy: (attempts) => Math.min(attempts * RECONNECT_STEP, RECONNECT_MAX),
      // To send a command again whose outcome is unknown is the caller's decision.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      reconnectOnError: isReplica,
    }) as Commands;
    this.#redis.on('error', (error) => (this.#trouble = error));
  }

  async lock(key: string, holder: string, ttl: number, answerMs: number): Promise<boolean> {
    this.#throwIfAway();
    return this.#within(
      answerMs,
      this.#redis.set(key, holder, 'PX', ttl, 'NX').then((ok) => ok !== null),
    );
  }

  async extend(key: string, holder: string, ttl: number, answerMs: number): Promise<boolean> {
    this.#throwIfAway();
    return this.#within(
      answerMs,
      this.#redis.voteExtend(key, holder, ttl).then((extended) => extended === 1),
    );
  }

  /** Is sent in any case: behind a vote that is still under way, or as soon as the connection is back. */
  async release(key: string, holder: string, answerMs: number): Promise<boolean> {
    return this.#within(
      answerMs,
      this.#redis.voteRelease(key, holder).then((released) => released === 1),
    );
  }

  close() {
    this.#redis.disconnect();
  }

  #throwIfAway() {
    if (this.#silent) throw this.#silence();
    if (AWAY.has(this.#redis.status)) throw this.#trouble ?? this.#silence();
  }

  async #within(answerMs: number, answer: Promise<boolean>): Promise<boolean> {
    let answered = false;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const giveUp = () => {
        if (answered) return;
        this.#silent = true;
        reject(this.#silence());
      };
      // One more look at the sockets: after a pause of this process the answer may be there, unread.
      timer = setTimeout(() => setImmediate(giveUp), answerMs);
    });
    const heard = answer.finally(() => {
      answered = true;
      clearTimeout(timer);
      this.#silent = false;
    });
    return Promise.race([heard, tooLate]);
  }

  #silence() {
    const { host, port } = this.#redis.options;
    return new Error(`the Redis server at ${host}:${port} does not answer`);
  }
}
