import type { ApiConfig } from '@app/config';
import { Shards, type PerShard } from '@app/servers';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { API_CONFIG } from '../core/tokens.js';

/** Payments and cancellations change an order. */
export type LimitedKind = 'checkout' | 'order' | 'ticket' | 'waiting-room';

type Owner = 'buyer' | 'address';

/** By whom a request is counted. */
export type Counted = Readonly<Partial<Record<Owner, string>>>;

/** What is left of one quota after a request. */
export interface Quota {
  readonly owner: Owner;
  readonly name: string;
  /** How many requests per window, as the header RateLimit-Policy says it. */
  readonly policy: string;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

/** One limit: each buyer or address is counted in one shard. */
interface Limiter extends Pick<Quota, 'owner' | 'name' | 'policy'> {
  readonly counters: PerShard<RateLimiterRedis>;
}

const PREFIX = 'rate:';
/** Quotas that are remembered as used up. One that is forgotten is asked for again. */
const MOST_USED_UP = 10_000;

/**
 * Counts requests per buyer and per address in fixed windows, over all replicas. While Redis does not answer, each replica counts
 * for itself: a limit must not close the shop.
 */
@Injectable()
export class RateLimits {
  readonly #limiters: Readonly<Record<LimitedKind, readonly Limiter[]>>;
  readonly #windowSeconds: number;
  /** When the windows of quotas that are used up end, by the clock of `performance`. */
  readonly #usedUpUntil = new LRUCache<string, number>({ max: MOST_USED_UP });

  constructor(
    @Inject(API_CONFIG) config: ApiConfig,
    private readonly shards: Shards,
  ) {
    this.#windowSeconds = config.RATE_LIMIT_WINDOW_SECONDS;
    this.#limiters = {
      checkout: this.#both('', config.RATE_LIMIT_PER_BUYER, config.RATE_LIMIT_PER_ADDRESS),
      order: this.#both('order-', config.ORDER_RATE_LIMIT_PER_BUYER, config.ORDER_RATE_LIMIT_PER_ADDRESS),
      ticket: this.#both('ticket-', config.ORDER_RATE_LIMIT_PER_BUYER, config.ORDER_RATE_LIMIT_PER_ADDRESS),
      'waiting-room': this.#both(
        'waiting-room-',
        config.WAITING_ROOM_RATE_LIMIT_PER_BUYER,
        config.WAITING_ROOM_RATE_LIMIT_PER_ADDRESS,
      ),
    };
  }

  /** Whether there is any limit of this kind. */
  has(kind: LimitedKind): boolean {
    return this.#limiters[kind].length > 0;
  }

  /** Of the quotas of a request those that are known to be used up: it need not be counted, and Redis is not asked. */
  usedUp(kind: LimitedKind, of: Counted): Quota[] {
    const now = performance.now();
    return this.#limiters[kind].flatMap((limiter) => {
      const until = this.#usedUpUntil.get(nameOf(limiter, of)) ?? now;
      return until > now ? [quotaOf(limiter, 0, until - now, true)] : [];
    });
  }

  /** Counts one request. Resolves to the state of its quotas. */
  count(kind: LimitedKind, of: Counted): Promise<Quota[]> {
    const counting = this.#limiters[kind].filter(({ owner }) => of[owner] !== undefined);
    return Promise.all(counting.map((limiter) => this.#count(limiter, of)));
  }

  #both(kind: string, perBuyer: number, perAddress: number): Limiter[] {
    return [
      ...this.#limiter('buyer', `${kind}buyer`, perBuyer),
      ...this.#limiter('address', `${kind}address`, perAddress),
    ];
  }

  #limiter(owner: Owner, name: string, points: number): Limiter[] {
    if (points === 0) return [];
    const counters = this.shards.map(({ redis, prefix }) => {
      const options = {
        // Where the window is another one, counters with the old one are not waited for.
        keyPrefix: `${prefix}${PREFIX}${name}:${this.#windowSeconds}`,
        points,
        duration: this.#windowSeconds,
      };
      return new RateLimiterRedis({
        ...options,
        storeClient: redis,
        rejectIfRedisNotReady: true, // a buyer may be counted in another shard than the one that sells
        insuranceLimiter: new RateLimiterMemory(options),
      });
    });
    return [{ owner, name, policy: `"${name}";q=${points};w=${this.#windowSeconds}`, counters }];
  }

  async #count(limiter: Limiter, of: Counted): Promise<Quota> {
    const key = of[limiter.owner]!;
    try {
      const { remainingPoints, msBeforeNext } = await limiter.counters.of(key).consume(key);
      return quotaOf(limiter, remainingPoints, msBeforeNext, false);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      // A clock that was set back must not lengthen it.
      const msBeforeNext = Math.min(refused.msBeforeNext, this.#windowSeconds * 1_000);
      this.#usedUpUntil.set(nameOf(limiter, of), performance.now() + msBeforeNext);
      return quotaOf(limiter, 0, msBeforeNext, true);
    }
  }
}

/** Of a quota; of nobody's, which is never used up. */
const nameOf = ({ name, owner }: Limiter, of: Counted) => `${name} ${of[owner] ?? ''}`;

const quotaOf = (
  { owner, name, policy }: Limiter,
  remaining: number,
  resetMs: number,
  exceeded: boolean,
): Quota => ({ owner, name, policy, remaining, resetSeconds: Math.ceil(resetMs / 1_000), exceeded });
