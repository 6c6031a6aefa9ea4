import { Admissions, type Admission, type AdmissionOptions, type QueuedOrder } from '@app/checkout-queue';
import type { ApiConfig } from '@app/config';
import { SaleCatalog, strategyOf, type Sale } from '@app/inventory';
import { fingerprintOf, orderIdOf, type OrderRequest, type OrderState } from '@app/orders';
import { Shards } from '@app/servers';
import { insideKey } from '@app/waiting-room';
import { Inject, Injectable } from '@nestjs/common';
import { API_CONFIG } from '../core/tokens.js';
import { keyReused } from '../http/idempotency-key.js';
import { ProblemError } from '../http/problems/problem.js';
import { fromRedis, notReplicated } from '../http/problems/unavailable.js';
import { UnforeseenError } from '../http/problems/unforeseen.js';
import { validationProblem } from '../http/problems/validation.js';
import type { OrderView } from '../orders/order.schema.js';
import { priceOf } from '../orders/price.js';
import { OrdersService, queuedView } from '../orders/orders.service.js';
import { OrderWatch, type ClientWait } from '../orders/order-watch.js';
import { closureOf, endingOf } from '../sales/closure.js';
import { findSale, skuNotFound } from '../sales/find-sale.js';
import { CheckoutMetrics } from './checkout-metrics.js';
import type { Checkout } from './checkout.schema.js';
import { SoldOutCheck } from './sold-out-check.js';

@Injectable()
export class CheckoutsService {
  constructor(
    private readonly catalog: SaleCatalog,
    private readonly admissions: Admissions,
    private readonly orders: OrdersService,
    private readonly watch: OrderWatch,
    private readonly metrics: CheckoutMetrics,
    private readonly soldOut: SoldOutCheck,
    private readonly shards: Shards,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  /**
   * Accepts a checkout: once this resolves, the order is in the queue or settled. Repeating it with the same key has no effect.
   *
   * @throws {ProblemError}
   */
  async accept(saleId: string, checkout: Checkout, key: string, wait?: ClientWait): Promise<OrderView> {
    const about: Record<string, string> = { saleId };
    try {
      const sale = await findSale(this.catalog, saleId);
      const { sku } = checkout;
      if (!sale.items.some((item) => item.sku === sku)) skuNotFound(saleId, sku);
      const orderId = (about.orderId = orderIdOf(sale, checkout.buyerId, key));
      const { counter } = strategyOf(sale.strategy);
      const order = { orderId, saleId, ...checkout, idempotencyKey: key, acceptedAt: Date.now(), counter };
      await this.#checkRules(sale, order);
      const settled = await this.#admit(sale, order, wait);
      const answer = settled ?? queuedView(order);
      // Redis may have forgotten the key's first body; the order itself has it.
      if (fingerprintOf(answer) !== fingerprintOf(order)) throw keyReused('checkout');
      return answer;
    } catch (error) {
      this.metrics.countError(error);
      if (error instanceof ProblemError) throw error;
      throw new UnforeseenError(error, about);
    }
  }

  /** The answer to the client of a rejected order. */
  async rejection({ orderId, reason }: OrderView): Promise<ProblemError> {
    const isLimit = reason === 'BUYER_LIMIT_EXCEEDED';
    const holding = isLimit ? await this.orders.holding(orderId).catch(() => undefined) : undefined;
    return new ProblemError(reason!, `The order was rejected. GET /orders/${orderId} shows it.`, {
      members: { orderId, holding },
    });
  }

  /** What the rules of a sale refuse is no new order. One that was accepted before they changed goes on, and is told about. */
  async #checkRules(sale: Sale, order: QueuedOrder): Promise<void> {
    const refusal = this.#refusalBy(sale, order) ?? closureOf(sale, order.acceptedAt);
    if (!refusal) return;
    const isKnown = await fromRedis(this.admissions.isKnown(order));
    if (isKnown === undefined) throw queueFull();
    if (!isKnown) throw refusal;
  }

  #refusalBy(sale: Sale, { quantity, acceptedAt }: QueuedOrder): ProblemError | undefined {
    const { startsAt, perBuyerLimit } = sale;
    const most = this.config.MAX_QUANTITY_PER_ORDER;
    if (quantity > most) return validationProblem([{ path: 'quantity', message: `Must be at most ${most}` }]);
    if (startsAt && acceptedAt < startsAt.getTime() && !endingOf(sale, acceptedAt))
      return new ProblemError('SALE_NOT_STARTED', `Try again when it starts, at ${startsAt.toISOString()}.`);
    if (perBuyerLimit !== null && quantity > perBuyerLimit)
      return new ProblemError(
        'BUYER_LIMIT_EXCEEDED',
        `A buyer may hold ${perBuyerLimit} units in this sale.`,
      );
    return undefined;
  }

  /** Resolves to the order if it is settled in time for its client, else to undefined: it is in the queue. */
  async #admit(sale: Sale, order: QueuedOrder, wait?: ClientWait): Promise<OrderView | undefined> {
    const guests = sale.waitingRoom ? insideKey(sale.id, this.shards.of(sale.id).prefix) : undefined;
    if (!wait) return this.#enter(order, guests);
    // Listen before a worker can answer.
    const { state, stop } = this.watch.until(order.orderId, wait);
    try {
      const settled = await this.#enter({ ...order, replyTo: this.watch.replyTo }, guests);
      if (settled) return settled;
      const heard = await state;
      return heard && (await this.#orderOf(heard, sale, order));
    } finally {
      stop();
    }
  }

  /** Completes the news of an order. Only a fresh outcome surely belongs to this content; else Postgres knows. */
  async #orderOf(
    heard: OrderState | OrderView,
    sale: Sale,
    order: OrderRequest,
  ): Promise<OrderView | undefined> {
    if ('sku' in heard) return heard;
    if (isOutcome(heard)) return { ...queuedView(order), price: priceOf(sale, order), ...heard };
    return (await this.orders.settled([order.orderId]))[0];
  }

  /** Resolves to the order if it is settled, else to undefined: it is in the queue now. */
  async #enter(order: QueuedOrder, guests?: string): Promise<OrderView | undefined> {
    const admission = await this.#admitted(order, { guests });
    this.metrics.count(admission === 'accepted' ? 'accepted' : 'replayed');
    return admission === 'replayed' ? this.#settledBefore(order) : undefined;
  }

  /** @throws {ProblemError} if it is refused */
  async #admitted(order: QueuedOrder, options: AdmissionOptions): Promise<Admission> {
    const admission = await fromRedis(this.admissions.admit(order, options));
    if (admission === 'sold-out') throw this.#soldOut(order);
    if (admission === 'insufficient') throw this.#insufficient(order);
    if (admission === 'not-admitted') throw notAdmitted(order);
    if (admission === 'mismatched') throw keyReused('checkout');
    if (admission === 'full') throw queueFull();
    if (admission === 'unreplicated') throw notReplicated();
    return admission;
  }

  #soldOut(order: QueuedOrder): ProblemError {
    this.soldOut.refused(order);
    return new ProblemError('SOLD_OUT', `Nothing is left of ${order.sku}.`);
  }

  #insufficient(order: QueuedOrder): ProblemError {
    this.soldOut.refused(order);
    return new ProblemError('INSUFFICIENT_STOCK', `Less than ${order.quantity} are left of ${order.sku}.`);
  }

  /** If Postgres does not answer, or does not know the order, it is queued again: a worker finds out. */
  async #settledBefore(order: QueuedOrder): Promise<OrderView | undefined> {
    const ids = [order.orderId];
    const [settled] = await this.orders.settled(ids).catch(() => this.orders.refused(ids));
    if (!settled) await this.#admitted(order, { anew: true });
    return settled;
  }
}

const isOutcome = ({ status }: OrderState) => status === 'reserved' || status === 'rejected';

const notAdmitted = ({ saleId }: QueuedOrder) =>
  new ProblemError(
    'NOT_ADMITTED',
    `POST /sales/${saleId}/waiting-room until it answers 200; then repeat this checkout as it is.`,
  );

const queueFull = () =>
  new ProblemError('QUEUE_FULL', 'Try again in a moment, with the same Idempotency-Key.', {
    headers: { 'retry-after': '1' },
  });
