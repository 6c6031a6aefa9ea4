import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Grant, LockDriver, LockRequest } from '@app/lock';
import { Redis } from 'ioredis';

/** What can be wrong with it. `sound` is the control. */
const PLANTED = [
  'planted:sound',
  'planted:unconditional-del',
  'planted:no-watchdog',
  'planted:retried-unlock',
] as const;
export type PlantedLock = (typeof PLANTED)[number];

export const isPlanted = (name: string): name is PlantedLock => PLANTED.includes(name as PlantedLock);

/** Where it keeps the lock of a resource, and the counter that its tokens come from. */
export const plantedKeys = (resource: string) =>
  [`planted:lock:{${resource}}`, `planted:token:{${resource}}`] as const;

const IF_OWNED = readFileSync(new URL('./if-owned.lua', import.meta.url), 'utf8');
const PAUSE_MS = 20;

/**
 * A small lock with tokens on Redis, which is sound or broken in one way. It takes the first answer to each unlock for lost and
 * unlocks again, as every client does sooner or later.
 */
export class PlantedDriver implements LockDriver {
  readonly #redis: Redis;

  /** @param unlocked waited for between the two unlocks */
  constructor(
    redisUrl: string,
    private readonly name: PlantedLock,
    private readonly unlocked: () => Promise<unknown>,
  ) {
    this.#redis = new Redis(redisUrl);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const { ttl, signal } = request;
    const [lock, counter] = plantedKeys(resource);
    const holder = randomUUID();
    // The defect: the successor may be a process of the same machine.
    const owner = this.name === 'planted:retried-unlock' ? hostname() : holder;
    let provenAt = performance.now();
    while (!(await this.#redis.set(lock, owner, 'PX', ttl, 'NX'))) {
      request.contended?.();
      signal.throwIfAborted();
      await sleep(PAUSE_MS);
      provenAt = performance.now();
    }
    const token = BigInt(await this.#redis.incr(counter));
    const release = () => this.#release(lock, owner);
    // The defect: nothing extends it, and its holder does not know that it runs out.
    if (this.name === 'planted:no-watchdog') return { holder, token, release };
    const extend = (ms: number) => this.#ifOwned(lock, owner, 'PEXPIRE', ms);
    return { holder, token, provenAt, extend, release };
  }

  async reseed(resource: string, above: bigint) {
    const [, counter] = plantedKeys(resource);
    const last = BigInt((await this.#redis.get(counter)) ?? 0);
    if (last < above) await this.#redis.set(counter, String(above));
  }

  async close() {
    this.#redis.disconnect();
  }

  async #release(lock: string, owner: string): Promise<boolean> {
    const wasOurs = await this.#unlock(lock, owner);
    await this.unlocked();
    await this.#unlock(lock, owner);
    return wasOurs;
  }

  async #unlock(lock: string, owner: string): Promise<boolean> {
    // The defect: it may be somebody else's by now.
    if (this.name === 'planted:unconditional-del') return (await this.#redis.del(lock)) === 1;
    return this.#ifOwned(lock, owner, 'DEL');
  }

  async #ifOwned(lock: string, owner: string, ...command: (string | number)[]): Promise<boolean> {
    return (await this.#redis.eval(IF_OWNED, 1, lock, owner, ...command)) === 1;
  }
}
