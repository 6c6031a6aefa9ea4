import { fingerprintOf, type OrderRequest } from '@app/orders';
import { Job, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Gatherer } from './gatherer.js';
import { keys } from './keys.js';
import { checkoutQueue, ORDERS_PER_JOB, saleSkuOf, type CheckoutJob, type QueuedOrder } from './queue.js';

const ADMIT = readFileSync(new URL('./admit.lua', import.meta.url), 'utf8');
const PENDING_TTL_SECONDS = 7 * 86_400;
/** After a refusal others are likely: for this long a checkout is looked at before it gets a job that may carry nothing. */
const LOOK_FIRST_MS = 1_000;
/** Checkouts looked at in one script call, which keeps Redis from everything else meanwhile. */
const LOOKS_PER_CALL = 128;

/**
 * What became of a checkout: accepted into the queue; the replay of one that is `queued`, or that is not (`replayed`: it is
 * settled); or refused.
 */
export type Admission =
  'accepted' | 'queued' | 'replayed' | 'mismatched' | 'sold-out' | 'not-admitted' | 'full';

const REFUSALS = new Set<Admission>(['sold-out', 'not-admitted', 'full']);

export interface AdmissionOptions {
  /** An order whose key is known and which is not in the queue enters it all the same; if it is settled, it keeps its outcome. */
  readonly anew?: boolean;
  /** Redis key of who may buy: a sorted set, buyer -> until when, in milliseconds of Redis's clock. Absent: everybody may. */
  readonly guests?: string;
}

interface Request extends AdmissionOptions {
  readonly order: QueuedOrder;
}

interface Commands extends Redis {
  checkoutAdmit(args: readonly (string | number)[]): Promise<(Admission | 'open')[]>;
}

export interface AdmissionRules {
  /** How long an Idempotency-Key is compared with its first body. */
  readonly idempotencyTtlSeconds: number;
  /** Orders in the queue, and checkouts of this process on their way to it, beyond which new ones are refused. */
  readonly maxBacklog: number;
}

/** The API's side of the queue: what enters it, and what is in it. */
export class Admissions {
  readonly queue: Queue<CheckoutJob>;
  readonly #redis: Commands;
  #lookUntil = 0;
  /** Checkouts about which Redis has not decided. */
  #undecided = 0;
  readonly #looks = new Gatherer(LOOKS_PER_CALL, (requests: readonly Request[]) => this.#look(requests));
  /** A job of few SKUs is one that few locks serve. */
  readonly #entries = new Gatherer(
    ORDERS_PER_JOB,
    (requests: readonly Request[]) => this.#enter(requests),
    ({ order }) => saleSkuOf(order),
  );

  constructor(
    connection: Redis,
    private readonly rules: AdmissionRules,
  ) {
    connection.defineCommand('checkoutAdmit', { lua: ADMIT });
    this.#redis = connection as Commands;
    this.queue = checkoutQueue(connection);
  }

  /**
   * Once this says that an order is accepted, Redis has it. When it rejects, the outcome is unknown, and calling it again is
   * harmless.
   */
  async admit(order: QueuedOrder, options: AdmissionOptions = {}): Promise<Admission> {
    // While Redis does not answer they gather here: no more than it would take.
    if (this.#undecided >= this.rules.maxBacklog) return 'full';
    this.#undecided++;
    try {
      const request = { order, ...options };
      const looking = performance.now() < this.#lookUntil;
      const seen = looking ? await this.#looks.add(request) : 'open';
      const admission = seen === 'open' ? await this.#entries.add(request) : seen;
      if (REFUSALS.has(admission)) this.#lookUntil = performance.now() + LOOK_FIRST_MS;
      return admission;
    } finally {
      this.#undecided--;
    }
  }

  /** An order that is accepted and not settled. */
  async find(orderId: string): Promise<OrderRequest | undefined> {
    const jobId = await this.#redis.hget(keys.queued, orderId);
    const job = jobId === null ? undefined : await this.queue.getJob(jobId);
    return job?.data.orders.find((order) => order.orderId === orderId);
  }

  /** Orders that are accepted and not settled. */
  backlog(): Promise<number> {
    return this.#redis.hlen(keys.queued);
  }

  /** The same of a sale, per SKU. */
  async pending(saleId: string, skus: readonly string[]): Promise<Map<string, number>> {
    const counts = skus.map(
      async (sku) => [sku, await this.#redis.scard(keys.pending(saleId, sku))] as const,
    );
    return new Map(await Promise.all(counts));
  }

  #look(requests: readonly Request[]): Promise<(Admission | 'open')[]> {
    return this.#redis.checkoutAdmit(this.#arguments(requests, ''));
  }

  /** The job and what is known of its orders get into Redis together or not at all. */
  async #enter(requests: readonly Request[]): Promise<Admission[]> {
    const jobId = randomUUID();
    const orders = requests.map(({ order }) => order);
    const { backend, jobsOpts } = this.queue;
    const job = new Job<CheckoutJob>(this.queue, 'reserve', { orders }, jobsOpts, jobId);
    const transaction = (await backend.client).multi();
    void backend.addJobToTransaction(transaction, job.asJSON(), jobId);
    transaction.runCommand('checkoutAdmit', this.#arguments(requests, jobId));
    const results = (await transaction.exec()) ?? [];
    for (const [error] of results) if (error) throw error;
    return results.at(-1)![1] as Admission[];
  }

  #arguments(requests: readonly Request[], jobId: string): (string | number)[] {
    const { idempotencyTtlSeconds, maxBacklog } = this.rules;
    const names = [keys.queued, this.queue.toKey(jobId)];
    const values = [jobId, maxBacklog, idempotencyTtlSeconds, PENDING_TTL_SECONDS];
    for (const { order, anew, guests = '' } of requests) {
      const { saleId, sku, orderId, buyerId } = order;
      names.push(
        keys.idempotency(saleId, orderId),
        keys.soldOut(saleId, sku),
        keys.pending(saleId, sku),
        guests,
      );
      values.push(orderId, fingerprintOf(order), anew ? '1' : '', buyerId);
    }
    return [names.length, ...names, ...values];
  }
}
