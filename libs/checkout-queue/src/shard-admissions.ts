import type { OrderRequest } from '@app/orders';
import { verdictOf, type Shard } from '@app/servers';
import { Job, type Queue } from 'bullmq';
import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import {
  admitArguments,
  COUNTS_TTL_SECONDS,
  withAdmitScript,
  type Admission,
  type AdmissionBounds,
  type AdmissionOptions,
  type AdmitCommands,
  type Answer,
  type Question,
  type Request,
  type Stored,
} from './admit-script.js';
import { recount, type LookAtStock } from './counter.js';
import { Gatherer } from './gatherer.js';
import { keysOf, type Keys } from './keys.js';
import { lookAtKnown, type Known } from './known.js';
import { reopen, type RowVersion } from './outcomes.js';
import {
  carrierOf,
  CHECKOUT_QUEUE,
  ORDERS_PER_JOB,
  queueIn,
  saleSkuOf,
  type CheckoutJob,
  type OfSku,
  type QueuedOrder,
} from './queue.js';
import { loadScripts } from './scripts.js';
import { transact } from './transact.js';

/** A refusal makes others of the SKU likely: for this long its checkouts are looked at before they get a job. */
const LOOK_FIRST_MS = 1_000;
/** SKUs that are remembered for a refusal. */
const REMEMBERED_SKUS = 1_000;
/** Checkouts looked at in one script call, which keeps Redis from everything else meanwhile. */
const LOOKS_PER_CALL = 128;

/** Answers after which others like them are likely. */
const REFUSALS = new Set<Answer | Admission>([
  'sold-out',
  'insufficient',
  'not-admitted',
  'full',
  'unsure',
  'uncounted',
]);

/** Answers that promise a buyer that his order will be settled. */
const IN_QUEUE = new Set<Answer | Admission>(['accepted', 'queued']);

export interface AdmissionRules extends AdmissionBounds {
  /** So many replicas have to have an order before it counts as accepted. */
  readonly replicas?: number;
  /** Asks Postgres about orders whose keys Redis may have forgotten. */
  readonly lookUp: (orders: readonly QueuedOrder[]) => Promise<readonly Stored[]>;
  /** Asks Postgres about the stock of a SKU whose units are counted here. */
  readonly lookAtStock: LookAtStock;
}

/** The API's side of the queue of one shard: what enters it, and what is in it. */
export class ShardAdmissions {
  readonly queue: Queue<CheckoutJob>;
  readonly #keys: Keys;
  readonly #redis: AdmitCommands;
  /** The same queue, by the connection on which orders enter it. */
  readonly #entrance: Queue<CheckoutJob>;
  readonly #replicas: number;
  /** SKUs of which somebody was refused just now, and how: their checkouts are looked at first. */
  readonly #refused = new LRUCache<string, Answer | Admission>({ max: REMEMBERED_SKUS, ttl: LOOK_FIRST_MS });
  /** Checkouts about which Redis has not decided. */
  #undecided = 0;
  readonly #looks = new Gatherer(LOOKS_PER_CALL, (requests: readonly Request[]) => this.#look(requests));
  readonly #knowing: Gatherer<QueuedOrder, Known>;
  readonly #lookUps: Gatherer<QueuedOrder, Stored>;
  readonly #counts = new Gatherer(LOOKS_PER_CALL, (skus: readonly OfSku[]) => this.#countEach(skus));
  /** Grouped by SKU: the fewer SKUs a job has, the fewer locks it needs. */
  readonly #entries = new Gatherer(
    ORDERS_PER_JOB,
    (requests: readonly Request[]) => this.#enter(requests),
    ({ order }) => saleSkuOf(order),
  );

  /** @param entrance for orders alone, since a connection that waits for replicas does nothing else meanwhile */
  constructor(
    private readonly shard: Shard,
    private readonly rules: AdmissionRules,
    entrance: Shard,
  ) {
    this.#keys = keysOf(shard.prefix);
    this.#redis = withAdmitScript(shard.redis);
    this.queue = queueIn(shard, CHECKOUT_QUEUE);
    const isOne = entrance.redis === shard.redis;
    if (!isOne) withAdmitScript(entrance.redis);
    this.#entrance = isOne ? this.queue : queueIn(entrance, CHECKOUT_QUEUE);
    this.#replicas = rules.replicas ?? 0;
    this.#knowing = new Gatherer<QueuedOrder, Known>(
      LOOKS_PER_CALL,
      (orders) => lookAtKnown(shard.redis, this.#keys, orders),
      saleSkuOf,
    );
    this.#lookUps = new Gatherer(LOOKS_PER_CALL, rules.lookUp);
  }

  /**
   * Once this says that an order is accepted, or queued already, Redis has it, and so have the replicas. When it rejects, the outcome is
   * unknown, and calling it again is harmless.
   */
  async admit(order: QueuedOrder, options: AdmissionOptions = {}): Promise<Admission> {
    // While Redis does not answer they gather here: no more than it would take.
    if (this.#undecided >= this.rules.maxBacklog) return 'full';
    this.#undecided++;
    try {
      let stored: Stored | undefined;
      for (;;) {
        const answer = await this.#ask({ order, ...options, stored });
        if (answer === 'uncounted') await this.#counts.add(order);
        else if (answer !== 'unsure') return answer;
        else if ((stored = await this.#lookUps.add(order)) === 'stored') return 'replayed';
      }
    } finally {
      this.#undecided--;
    }
  }

  /**
   * Whether this key was accepted before, whatever came with it. One round trip is for many, since buyers of a closed sale ask again.
   * Undefined: there is no room to ask, as for {@link admit}.
   */
  async isKnown(order: QueuedOrder): Promise<boolean | undefined> {
    if (this.#undecided >= this.rules.maxBacklog) return undefined;
    this.#undecided++;
    try {
      const known = await this.#knowing.add(order);
      if (known !== 'unsure') return known === 'known';
      const stored = await this.#lookUps.add(order);
      if (stored === 'stored') return true;
      // Redis is told whether there is any yet, and needs not ask again if there is none. It knows a dead letter.
      return (await this.#looks.add({ order, stored })) === 'replayed';
    } finally {
      this.#undecided--;
    }
  }

  async #ask(request: Request): Promise<Admission | Question> {
    const name = saleSkuOf(request.order);
    const refused = this.#refused.get(name);
    const seen = await this.#seen(request, refused);
    // An order that is queued already goes the same way: whoever looks does not learn what the replicas have.
    const isAnswer = seen !== 'open' && (seen !== 'queued' || this.#replicas === 0);
    const answer = isAnswer ? seen : await this.#queued(request);
    // That Redis is unsure says nothing of whether it will refuse.
    if (answer === 'unsure' && refused && refused !== 'unsure') return answer;
    if (REFUSALS.has(answer)) this.#refused.set(name, answer);
    // Redis was sure of itself: it was unsure only because the sale was new.
    else if (request.stored === undefined && refused === 'unsure') this.#refused.delete(name);
    return answer;
  }

  /** Looks at a checkout of a SKU of which somebody was refused just now. A SKU that is sold out is asked about at the least cost. */
  async #seen(request: Request, refused: Answer | Admission | undefined): Promise<Answer> {
    const wasLookedAt = request.stored !== undefined; // or Postgres would not have been asked
    if (!refused || (wasLookedAt && refused === 'unsure')) return 'open';
    if (refused === 'sold-out' && !wasLookedAt && !request.anew) {
      const known = await this.#knowing.add(request.order);
      if (known === 'sold-out' || known === 'unsure') return known;
    }
    return this.#looks.add(request);
  }

  /** An order that is accepted and not settled. */
  async find(orderId: string): Promise<OrderRequest | undefined> {
    const carrier = await this.#redis.hget(this.#keys.queued, orderId);
    if (carrier === null) return undefined;
    const [jobId] = carrier.split(' ', 1) as [string];
    const job = await this.queue.getJob(jobId);
    return job?.data.orders.find((order) => order.orderId === orderId && carrierOf(jobId, order) === carrier);
  }

  /** Orders that are accepted and not settled. */
  backlog(): Promise<number> {
    return this.#redis.hlen(this.#keys.queued);
  }

  /** The same of a sale, per SKU. */
  async pending(saleId: string, skus: readonly string[]): Promise<Map<string, number>> {
    const counts = skus.map(
      async (sku) => [sku, await this.#redis.scard(this.#keys.pending(saleId, sku))] as const,
    );
    return new Map(await Promise.all(counts));
  }

  /** See {@link recount}. */
  recount(sku: OfSku): Promise<number | undefined> {
    return recount(this.shard, this.rules.lookAtStock, sku);
  }

  /** Units were seen at these versions of the rows of a SKU. Resolves to whether it was marked as sold out by an older view. */
  reopen(saleId: string, sku: string, versions: readonly RowVersion[]): Promise<boolean> {
    return reopen(this.shard, { saleId, sku }, versions);
  }

  /** Notes checkouts that were refused as sold out although there were units. */
  async noteRefusedWithStock(saleId: string, sku: string, checkouts: number): Promise<void> {
    const noted = this.#redis.multi().hincrby(this.#keys.refusedWithStock(saleId), sku, checkouts);
    await noted.expire(this.#keys.refusedWithStock(saleId), COUNTS_TTL_SECONDS).exec();
  }

  /** Checkouts that were refused as sold out although there were units, by SKU; a SKU without any is absent. */
  async refusedWithStock(saleId: string): Promise<Map<string, number>> {
    const counts = await this.#redis.hgetall(this.#keys.refusedWithStock(saleId));
    return new Map(Object.entries(counts).map(([sku, checkouts]) => [sku, Number(checkouts)]));
  }

  #queued(request: Request): Promise<Admission | Question> {
    return request.order.counter === 'two-steps' ? this.#inTwoSteps(request) : this.#entries.add(request);
  }

  /** As textbooks have it: takes the units, then queues the order. Whoever dies in between has taken them for nobody. */
  async #inTwoSteps(request: Request): Promise<Admission | Question> {
    const seen = await this.#looks.add(request);
    if (seen !== 'open') return seen;
    const { saleId, sku, quantity } = request.order;
    const counter = this.#keys.counter(saleId, sku);
    const left = await this.#redis.hincrby(counter, 'left', -quantity);
    const answer = left < 0 ? 'sold-out' : await this.#entries.add({ ...request, taken: true });
    const isQueued = answer === 'accepted' || answer === 'unreplicated';
    if (!isQueued) await this.#redis.hincrby(counter, 'left', quantity); // as a replay, or one that came too late
    return answer;
  }

  async #countEach(skus: readonly OfSku[]): Promise<void[]> {
    const different = new Map(skus.map((sku) => [saleSkuOf(sku), sku]));
    await Promise.all([...different.values()].map((sku) => this.recount(sku)));
    return skus.map(() => undefined);
  }

  #look(requests: readonly Request[]): Promise<Answer[]> {
    return this.#redis.checkoutAdmit(this.#arguments(requests));
  }

  async #enter(requests: readonly Request[]): Promise<(Admission | Question)[]> {
    try {
      return await this.#addJob(requests);
    } catch (error) {
      // Redis has lost its scripts. ioredis learns of it from everything but a transaction, which accepted nothing.
      if (verdictOf(error) !== 'repeat') throw error;
      await loadScripts(this.#redis);
      return this.#addJob(requests);
    }
  }

  /** The job and what is known of its orders get into Redis together or not at all. */
  async #addJob(requests: readonly Request[]): Promise<(Admission | Question)[]> {
    const jobId = randomUUID();
    const orders = distinct(requests.map(({ order }) => order));
    const { backend, jobsOpts } = this.#entrance;
    const job = new Job<CheckoutJob>(this.#entrance, 'reserve', { orders }, jobsOpts, jobId);
    const { results, replicas } = await transact(await backend.client, this.#replicas, (transaction) => {
      void backend.addJobToTransaction(transaction, job.asJSON(), jobId);
      transaction.runCommand('checkoutAdmit', this.#arguments(requests, jobId));
    });
    const answers = results.at(-1) as (Admission | Question)[];
    if (replicas >= this.#replicas) return answers;
    return answers.map((answer) => (IN_QUEUE.has(answer) ? 'unreplicated' : answer));
  }

  #arguments(requests: readonly Request[], jobId = '') {
    return admitArguments(requests, this.rules, this.#keys, { id: jobId, key: this.queue.toKey(jobId) });
  }
}

/** Equal orders are one: the one whose client waits for the outcome, if there is such. */
function distinct(orders: readonly QueuedOrder[]): QueuedOrder[] {
  const byContent = new Map<string, QueuedOrder>();
  for (const order of orders) {
    const content = carrierOf(order.orderId, order);
    if (order.replyTo !== undefined || !byContent.has(content)) byContent.set(content, order);
  }
  return [...byContent.values()];
}
