import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Grant, LockDriver, LockRequest } from '@app/lock';
import { Redis } from 'ioredis';

const PAUSE_MS = 50;

/** A semaphore that polls. */
abstract class PlantedSemaphore implements LockDriver {
  protected readonly redis: Redis;

  constructor(redisUrl: string) {
    this.redis = new Redis(redisUrl);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const key = `semaphore:{${resource}}`;
    const holder = randomUUID();
    while (!(await this.take(key, holder, request.ttl))) {
      request.contended?.();
      request.signal.throwIfAborted();
      await sleep(PAUSE_MS);
    }
    return { holder, release: () => this.giveBack(key, holder) };
  }

  async close() {
    this.redis.disconnect();
  }

  protected abstract take(key: string, holder: string, ttl: number): Promise<boolean>;
  protected abstract giveBack(key: string, holder: string): Promise<boolean>;
}

/**
 * The one that everybody writes first: a counter, one up to take a permit, one down to give it back. Nothing tells whose the
 * permits are, so those of a crashed holder never come back.
 */
export class CounterSemaphore extends PlantedSemaphore {
  constructor(
    redisUrl: string,
    private readonly permits: number,
  ) {
    super(redisUrl);
  }

  protected async take(key: string) {
    if ((await this.redis.incr(key)) <= this.permits) return true;
    await this.giveBack(key);
    return false;
  }

  protected async giveBack(key: string) {
    return (await this.redis.decr(key)) >= 0;
  }
}

/** The next one: holders with an expiry, counted and added to in two commands. Several can see the same last permit. */
export class CheckThenAddSemaphore extends PlantedSemaphore {
  /** @param counted waited for between the two commands */
  constructor(
    redisUrl: string,
    private readonly permits: number,
    private readonly counted: () => Promise<unknown>,
  ) {
    super(redisUrl);
  }

  protected async take(key: string, holder: string, ttl: number) {
    await this.redis.zremrangebyscore(key, '-inf', Date.now());
    if ((await this.redis.zcard(key)) >= this.permits) return false;
    await this.counted();
    await this.redis.zadd(key, Date.now() + ttl, holder);
    return true;
  }

  protected async giveBack(key: string, holder: string) {
    return (await this.redis.zrem(key, holder)) === 1;
  }
}
