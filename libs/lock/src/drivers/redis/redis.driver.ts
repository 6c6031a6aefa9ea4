import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LockBackendUnavailableError } from '../../errors.js';
import type { Grant, LockDriver, LockRequest } from '../../lock.js';
import { scripts, type Keys, type LockCommands } from './scripts.js';
import { WakeUps } from './wake-ups.js';

/** How long a waiter that was handed the lock may take to claim it: what a dead waiter costs at most. */
const CLAIM_TTL_MS = 1_000;
/** A waiter that hears nothing asks again this often: for lost messages and vanished holders. */
const FALLBACK_MS = 1_000;

/** Redis scripts count in doubles. */
const MAX_TOKEN = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * This project's lock on one Redis: first come first served across processes, handed over by push, fenced, extended by a
 * watchdog. One round trip takes a free lock, one releases it. Safe while that Redis keeps its data; a failover can grant
 * the lock twice (replication is asynchronous), which the fencing token makes harmless for fenced writes.
 *
 * Source of the fencing idea: Kleppmann, "How to do distributed locking" (2016).
 */
export class RedisDriver implements LockDriver {
  readonly #client = randomUUID();
  readonly #channelPrefix: string;
  readonly #redis: LockCommands;
  readonly #wakeUps: WakeUps;
  #holders = 0;

  constructor(
    connection: Redis,
    private readonly prefix = 'lock',
  ) {
    this.#channelPrefix = `${prefix}:wake:`;
    this.#redis = connection.duplicate({ scripts, maxRetriesPerRequest: 2 }) as LockCommands;
    this.#redis.on('error', () => undefined); // every command reports its own failure
    this.#wakeUps = new WakeUps(
      connection.duplicate({ maxRetriesPerRequest: 2 }),
      this.#channelPrefix + this.#client,
    );
  }

  async acquire(resource: string, { ttl, signal }: LockRequest): Promise<Grant> {
    const keys = this.#keys(resource);
    const holder = `${this.#client}:${++this.#holders}`;
    // Listening before asking: the hand-over may arrive before the answer does.
    const bell = this.#wakeUps.bell(holder);
    try {
      await this.#wakeUps.ready();
      let { token, provenAt, runsOutIn } = await this.#ask(keys, holder, ttl);
      while (token === undefined) {
        const handedOver = await bell.wait(Math.min(runsOutIn, FALLBACK_MS), signal);
        signal.throwIfAborted();
        if (handedOver) ({ token, provenAt } = await this.#claim(keys, holder, ttl));
        if (token === undefined) ({ token, provenAt, runsOutIn } = await this.#ask(keys, holder, ttl));
      }
      return {
        holder,
        token,
        provenAt,
        extend: async (nextTtl) => (await this.#redis.lockExtend(...keys, holder, nextTtl)) !== null,
        release: () => this.#release(keys, holder),
      };
    } catch (error) {
      // Leave the queue, and hand on what an unheard answer may have granted. If this fails too, time does it.
      void this.#release(keys, holder).catch(() => undefined);
      signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    } finally {
      bell.close();
    }
  }

  async reseed(resource: string, above: bigint) {
    if (above >= MAX_TOKEN) throw new RangeError(`tokens of ${resource} cannot grow above ${above}`);
    await this.#redis.lockReseed(...this.#keys(resource), above.toString()).catch((cause: unknown) => {
      throw new LockBackendUnavailableError(resource, cause);
    });
  }

  async close() {
    this.#wakeUps.close();
    this.#redis.disconnect();
  }

  async #ask(keys: Keys, holder: string, ttl: number) {
    const provenAt = performance.now();
    const [token, runsOutIn] = await this.#redis.lockAcquire(
      ...keys,
      holder,
      ttl,
      this.#channelPrefix,
      CLAIM_TTL_MS,
    );
    return token === null
      ? { provenAt, runsOutIn: Math.max(runsOutIn, 0) + 1 }
      : { token: BigInt(token), provenAt, runsOutIn: 0 };
  }

  async #claim(keys: Keys, holder: string, ttl: number) {
    const provenAt = performance.now();
    const token = await this.#redis.lockExtend(...keys, holder, ttl);
    return { token: token === null ? undefined : BigInt(token), provenAt };
  }

  async #release(keys: Keys, holder: string) {
    return (await this.#redis.lockRelease(...keys, holder, this.#channelPrefix, CLAIM_TTL_MS)) === 1;
  }

  /** One hash tag, so that a Redis Cluster keeps all keys of a resource in one slot. */
  #keys(resource: string): Keys {
    const base = `${this.prefix}:{${resource}}`;
    return [base, `${base}:queue`, `${base}:token`];
  }
}
