import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { LockBackendUnavailableError } from '../../src/errors.js';
import type { LockDriver, LockRequest } from '../../src/index.js';

/** What can be wrong with a lock. `none` is the control: the suite must find nothing there. */
export type Defect =
  | 'none'
  | 'grants everybody'
  | 'reenters'
  | 'serves the last first'
  | 'ignores abort'
  | 'loses patience before it has asked'
  | 'stays in the queue'
  | 'never expires'
  | 'expires early'
  | 'constant token'
  | 'believes it still owns'
  | 'deletes without owner check'
  | 'leaks keys'
  | 'leaks timers'
  | 'throws raw errors';

const PREFIX = 'planted: ';
export const plantedName = (defect: Defect) => `${PREFIX}${defect}`;

/** A driver with a planted defect; nothing for the name of a real driver. */
export function openPlanted(name: string, redis: Redis | undefined): LockDriver | undefined {
  if (!name.startsWith(PREFIX) || !redis) return undefined;
  return new PlantedDriver(redis.duplicate({ commandTimeout: 1_000 }), name.slice(PREFIX.length) as Defect);
}

const IF_OWNED = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call(ARGV[2], KEYS[1], unpack(ARGV, 3))`;

/** A small lock with fencing tokens, fair among the callers of a process, polled, and broken in one way. */
class PlantedDriver implements LockDriver {
  readonly #lines = new Map<string, string[]>();
  readonly #timers: NodeJS.Timeout[] = [];
  #held = '';

  constructor(
    private readonly redis: Redis,
    private readonly defect: Defect,
  ) {
    redis.on('error', () => undefined);
  }

  async acquire(resource: string, request: LockRequest) {
    const lock = `lock:{${resource}}`;
    const holder = randomUUID();
    const line = this.#lines.get(resource) ?? [];
    this.#lines.set(resource, line);
    line.push(holder);
    if (this.#is('loses patience before it has asked')) {
      request.contended?.();
      request.signal.throwIfAborted();
    }
    try {
      await this.redis.rpush(`${lock}:queue`, holder);
      const provenAt = await this.#poll(lock, holder, line, request);
      const token = await this.#token(lock);
      return { holder, provenAt, token, ...this.#ownership(lock, holder) };
    } catch (error) {
      if (this.#is('throws raw errors')) throw error;
      request.signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    } finally {
      line.splice(line.indexOf(holder), 1);
      if (!this.#is('stays in the queue')) await this.redis.lrem(`${lock}:queue`, 1, holder).catch(() => 0);
    }
  }

  async close() {
    this.#timers.forEach(clearTimeout);
    this.redis.disconnect();
  }

  #is(defect: Defect) {
    return this.defect === defect;
  }

  async #poll(lock: string, holder: string, line: readonly string[], request: LockRequest) {
    const { ttl, signal } = request;
    for (;;) {
      if (!this.#is('ignores abort')) signal.throwIfAborted();
      if (this.#is('grants everybody') || (this.#is('reenters') && this.#held === lock))
        return performance.now();
      const next = line.at(this.#is('serves the last first') ? -1 : 0);
      const provenAt = performance.now();
      if (next === holder && (await this.#set(lock, holder, ttl))) {
        this.#held = lock;
        return provenAt;
      }
      request.contended?.();
      await sleep(5);
    }
  }

  async #set(lock: string, holder: string, ttl: number) {
    if (this.#is('never expires')) return this.redis.set(lock, holder, 'NX');
    return this.redis.set(lock, holder, 'PX', this.#lasting(ttl), 'NX');
  }

  #lasting(ttl: number) {
    return this.#is('expires early') ? Math.ceil(ttl / 4) : ttl;
  }

  async #token(lock: string) {
    if (this.#is('leaks keys')) await this.redis.set(`leak:${randomUUID()}`, 1);
    if (this.#is('leaks timers')) this.#timers.push(setTimeout(() => undefined, 600_000));
    return this.#is('constant token') ? 7n : BigInt(await this.redis.incr(`${lock}:token`));
  }

  #ownership(lock: string, holder: string) {
    const believes = this.#is('grants everybody') || this.#is('believes it still owns');
    const ifOwned = async (...command: string[]) =>
      (await this.redis.eval(IF_OWNED, 1, lock, holder, ...command)) === 1 || believes;
    return {
      extend: async (ttl: number) =>
        this.#is('never expires') || ifOwned('PEXPIRE', String(this.#lasting(ttl))),
      release: async () => {
        this.#held = '';
        return this.#is('deletes without owner check') ? (await this.redis.del(lock)) === 1 : ifOwned('DEL');
      },
    };
  }
}
