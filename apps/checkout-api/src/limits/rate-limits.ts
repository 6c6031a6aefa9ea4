import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { API_CONFIG } from '../api-config.js';
import { REDIS } from '../core.module.js';

/** What is left of one quota after a request. */
export interface Quota {
  readonly name: 'buyer' | 'address';
  /** Requests per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

/**
 * Requests that change something, counted per buyer and per address in fixed windows, over all replicas. When Redis does not
 * answer each replica counts for itself: a limit protects the shop, it must not close it.
 */
@Injectable()
export class RateLimits {
  readonly #limiters: Readonly<Partial<Record<Quota['name'], RateLimiterRedis>>>;
  readonly #windowSeconds: number;

  constructor(@Inject(API_CONFIG) config: ApiConfig, @Inject(REDIS) redis: Redis) {
    this.#windowSeconds = config.RATE_LIMIT_WINDOW_SECONDS;
    const limiter = (name: Quota['name'], points: number) => {
      const options = { keyPrefix: `rate:${name}`, points, duration: this.#windowSeconds };
      const insuranceLimiter = new RateLimiterMemory(options);
      return points > 0
        ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter })
        : undefined;
    };
    this.#limiters = {
      buyer: limiter('buyer', config.RATE_LIMIT_PER_BUYER),
      address: limiter('address', config.RATE_LIMIT_PER_ADDRESS),
    };
  }

  /** Counts one request. Resolves to the state of each quota that is kept. */
  async count(of: Readonly<Partial<Record<Quota['name'], string>>>): Promise<Quota[]> {
    const counting = (['buyer', 'address'] as const).flatMap((name) => {
      const limiter = this.#limiters[name];
      const key = of[name];
      return limiter && key !== undefined ? [this.#count(name, limiter, key)] : [];
    });
    return Promise.all(counting);
  }

  async #count(name: Quota['name'], limiter: RateLimiterRedis, key: string): Promise<Quota> {
    const result = await limiter.consume(key).catch((refused: unknown) => {
      if (refused instanceof RateLimiterRes) return refused;
      throw refused;
    });
    return {
      name,
      limit: limiter.points,
      windowSeconds: this.#windowSeconds,
      remaining: result.remainingPoints,
      resetSeconds: Math.ceil(result.msBeforeNext / 1_000),
      exceeded: result.consumedPoints > limiter.points,
    };
  }
}
