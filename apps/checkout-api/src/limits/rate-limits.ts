import type { ApiConfig } from '@app/config';
import { Shards, type PerShard } from '@app/servers';
import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { API_CONFIG } from '../core/tokens.js';

/** Payments and cancellations change an order. */
export type LimitedKind = 'checkout' | 'order' | 'ticket' | 'waiting-room';

const OWNERS = ['buyer', 'address'] as const;
type Owner = (typeof OWNERS)[number];

/** By whom a request is counted. */
export type Counted = Readonly<Partial<Record<Owner, string>>>;

/** What is left of one quota after a request. */
export interface Quota {
  readonly owner: Owner;
  readonly name: string;
  /** Requests per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

/** One limit: each buyer or address is counted in one shard. */
interface Limiter {
  readonly name: string;
  readonly counters: PerShard<RateLimiterRedis>;
}

const PREFIX = 'rate:';

/**
 * Counts requests per buyer and per address in fixed windows, over all replicas. While Redis does not answer, each replica counts
 * for itself: a limit must not close the shop.
 */
@Injectable()
export class RateLimits {
  readonly #limiters: Readonly<Record<LimitedKind, Readonly<Partial<Record<Owner, Limiter>>>>>;
  readonly #windowSeconds: number;

  constructor(
    @Inject(API_CONFIG) config: ApiConfig,
    private readonly shards: Shards,
  ) {
    this.#windowSeconds = config.RATE_LIMIT_WINDOW_SECONDS;
    this.#limiters = {
      checkout: {
        buyer: this.#limiter('buyer', config.RATE_LIMIT_PER_BUYER),
        address: this.#limiter('address', config.RATE_LIMIT_PER_ADDRESS),
      },
      order: {
        buyer: this.#limiter('order-buyer', config.ORDER_RATE_LIMIT_PER_BUYER),
        address: this.#limiter('order-address', config.ORDER_RATE_LIMIT_PER_ADDRESS),
      },
      ticket: {
        buyer: this.#limiter('ticket-buyer', config.ORDER_RATE_LIMIT_PER_BUYER),
        address: this.#limiter('ticket-address', config.ORDER_RATE_LIMIT_PER_ADDRESS),
      },
      'waiting-room': {
        buyer: this.#limiter('waiting-room-buyer', config.WAITING_ROOM_RATE_LIMIT_PER_BUYER),
        address: this.#limiter('waiting-room-address', config.WAITING_ROOM_RATE_LIMIT_PER_ADDRESS),
      },
    };
  }

  /** Whether there is any limit of this kind. */
  has(kind: LimitedKind): boolean {
    return OWNERS.some((owner) => this.#limiters[kind][owner]);
  }

  /** Counts one request. Resolves to the state of its quotas. */
  async count(kind: LimitedKind, of: Counted): Promise<Quota[]> {
    const counting = OWNERS.flatMap((owner) => {
      const limiter = this.#limiters[kind][owner];
      const key = of[owner];
      return limiter && key !== undefined ? [this.#count(owner, limiter, key)] : [];
    });
    return Promise.all(counting);
  }

  #limiter(name: string, points: number): Limiter | undefined {
    if (points === 0) return undefined;
    const counters = this.shards.map(({ redis, prefix }) => {
      const options = {
        keyPrefix: `${prefix}${PREFIX}${name}`,
        points,
        duration: this.#windowSeconds,
      };
      return new RateLimiterRedis({
        ...options,
        storeClient: redis,
        insuranceLimiter: new RateLimiterMemory(options),
        // Once somebody has exceeded it, Redis need not be asked again before the window ends.
        inMemoryBlockOnConsumed: points + 1,
      });
    });
    return { name, counters };
  }

  async #count(owner: Owner, { name, counters }: Limiter, key: string): Promise<Quota> {
    const counter = counters.of(key);
    let exceeded = false;
    const result = await counter.consume(key).catch((refused: unknown) => {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      exceeded = true;
      return refused;
    });
    return {
      owner,
      name,
      limit: counter.points,
      windowSeconds: this.#windowSeconds,
      remaining: result.remainingPoints,
      resetSeconds: Math.ceil(result.msBeforeNext / 1_000),
      exceeded,
    };
  }
}
