import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LockBackendUnavailableError } from '../../src/errors.js';
import type { LockDriver, LockRequest } from '../../src/index.js';

/** What can be wrong with a lock. `none` is the control: the suite must find nothing there. */
export type Defect =
  | 'none'
  | 'grants everybody'
  | 'deletes without owner check'
  | 'ignores abort'
  | 'stays in the queue'
  | 'never expires'
  | 'expires early'
  | 'constant token'
  | 'believes it still owns'
  | 'leaks keys'
  | 'leaks timers'
  | 'throws raw errors'
  | 'serves the last first'
  | 'reenters';

const PREFIX = 'planted: ';
export const plantedName = (defect: Defect) => `${PREFIX}${defect}`;

/** A small fenced polling lock with one planted defect; nothing for the name of a real driver. */
export function openPlanted(name: string, redis: Redis | undefined): LockDriver | undefined {
  if (!name.startsWith(PREFIX) || !redis) return undefined;
  return new PlantedDriver(redis, name.slice(PREFIX.length) as Defect);
}

const OWNED = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call(ARGV[2], KEYS[1], unpack(ARGV, 3)) end return 0`;

class PlantedDriver implements LockDriver {
  readonly #timers: NodeJS.Timeout[] = [];
  #held: string | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly defect: Defect,
  ) {
    redis.options.maxRetriesPerRequest = 2;
  }

  async acquire(resource: string, request: LockRequest) {
    const keys = { lock: `lock:{${resource}}`, queue: `lock:{${resource}}:queue` };
    const holder = randomUUID();
    try {
      await this.redis.rpush(keys.queue, holder);
      const provenAt = await this.#poll(keys, holder, request);
      return { holder, provenAt, token: await this.#token(resource), ...this.#ownership(keys.lock, holder) };
    } catch (error) {
      if (this.defect === 'throws raw errors') throw error;
      request.signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    } finally {
      if (this.defect !== 'stays in the queue') await this.redis.lrem(keys.queue, 1, holder).catch(() => 0);
    }
  }

  async close() {
    this.redis.disconnect();
    this.#timers.forEach(clearTimeout);
  }

  async #poll(keys: { lock: string; queue: string }, holder: string, { ttl, signal }: LockRequest) {
    for (;;) {
      if (this.defect !== 'ignores abort') signal.throwIfAborted();
      const provenAt = performance.now();
      if (await this.#try(keys, holder, ttl)) return provenAt;
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }

  async #try({ lock, queue }: { lock: string; queue: string }, holder: string, ttl: number) {
    if (this.defect === 'grants everybody') return true;
    if (this.defect === 'reenters' && this.#held === lock) return true;
    const next = await this.redis.lindex(queue, this.defect === 'serves the last first' ? -1 : 0);
    if (next !== holder) return false;
    const expiry = this.defect === 'expires early' ? ttl / 4 : ttl;
    const granted =
      this.defect === 'never expires'
        ? await this.redis.set(lock, holder, 'NX')
        : await this.redis.set(lock, holder, 'PX', expiry, 'NX');
    if (granted) this.#held = lock;
    return granted !== null;
  }

  async #token(resource: string) {
    if (this.defect === 'leaks keys') await this.redis.set(`leak:${randomUUID()}`, 1);
    if (this.defect === 'leaks timers') this.#timers.push(setTimeout(() => undefined, 600_000));
    if (this.defect === 'constant token') return 7n;
    return BigInt(await this.redis.incr(`lock:{${resource}}:token`));
  }

  #ownership(lock: string, holder: string) {
    const owned = async (...command: string[]) =>
      (await this.redis.eval(OWNED, 1, lock, holder, ...command)) === 1;
    return {
      extend: async (ttl: number) => {
        if (this.defect === 'believes it still owns' || this.defect === 'grants everybody') return true;
        if (this.defect === 'never expires') return owned('PERSIST').then(() => true);
        return owned('PEXPIRE', String(this.defect === 'expires early' ? ttl / 4 : ttl));
      },
      release: async () => {
        this.#held = undefined;
        if (this.defect === 'grants everybody') return true;
        if (this.defect === 'deletes without owner check') return (await this.redis.del(lock)) === 1;
        if (this.defect === 'believes it still owns') return owned('DEL').then(() => true);
        return owned('DEL');
      },
    };
  }
}
