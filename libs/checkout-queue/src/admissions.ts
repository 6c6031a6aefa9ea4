import { fingerprintOf, type OrderRequest } from '@app/orders';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { keys } from './keys.js';
import { checkoutQueue, type CheckoutJob } from './queue.js';

const ADMIT = readFileSync(new URL('./admit.lua', import.meta.url), 'utf8');
const PENDING_TTL_SECONDS = 7 * 86_400;
/** Up to this many pending orders, each is looked up: an API that died while it accepted leaves one that never was. */
const LOOK_UP_PENDING = 200;

export type Admission = 'accepted' | 'replayed' | 'mismatched' | 'sold-out';

interface Commands extends Redis {
  checkoutAdmit(...args: [string, string, string, string, string, number, number]): Promise<Admission>;
}

/** The API's side of the queue: what enters it, and what is in it. */
export class Admissions {
  readonly queue: Queue<CheckoutJob>;
  readonly #redis: Commands;

  constructor(
    connection: Redis,
    private readonly idempotencyTtlSeconds: number,
  ) {
    connection.defineCommand('checkoutAdmit', { lua: ADMIT, numberOfKeys: 3 });
    this.#redis = connection as Commands;
    this.queue = checkoutQueue(connection);
  }

  /** Looks at the Idempotency-Key and the sold-out mark. An order admitted is not yet queued: see {@link enqueue}. */
  admit(order: OrderRequest): Promise<Admission> {
    const { orderId, saleId, sku } = order;
    return this.#redis.checkoutAdmit(
      keys.idempotency(saleId, orderId),
      keys.soldOut(saleId, sku),
      keys.pending(saleId, sku),
      orderId,
      fingerprintOf(order),
      this.idempotencyTtlSeconds,
      PENDING_TTL_SECONDS,
    );
  }

  /**
   * Resolves once Redis has the order. When it rejects, the outcome is unknown, and calling it again is harmless: a queued
   * order is not queued twice, and a settled one keeps its outcome.
   */
  async enqueue({ orderId, ...order }: OrderRequest, replyTo?: string): Promise<void> {
    await this.queue.add('reserve', replyTo === undefined ? order : { ...order, replyTo }, {
      jobId: orderId,
    });
  }

  async isQueued(orderId: string): Promise<boolean> {
    return (await this.#redis.exists(this.queue.toKey(orderId))) === 1;
  }

  /** Orders per SKU that were accepted and are not settled. */
  async pending(saleId: string, skus: readonly string[]): Promise<Map<string, number>> {
    const counts = skus.map(async (sku) => [sku, await this.#pendingOf(keys.pending(saleId, sku))] as const);
    return new Map(await Promise.all(counts));
  }

  async #pendingOf(key: string): Promise<number> {
    const count = await this.#redis.scard(key);
    if (count > LOOK_UP_PENDING) return count;
    const orders = await this.#redis.smembers(key);
    const queued = await Promise.all(orders.map((orderId) => this.isQueued(orderId)));
    return queued.filter(Boolean).length;
  }
}
