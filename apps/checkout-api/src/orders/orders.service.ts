import { Admissions, DeadLetters, REFUSED } from '@app/checkout-queue';
import { poolOf } from '@app/database';
import { SaleCatalog } from '@app/inventory';
import type { OrderRequest } from '@app/orders';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LOOKUP_TIMEOUT } from '../core/look-up.js';
import { ProblemError, type HeldView } from '../http/problems/problem.js';
import { fromPostgres, fromRedis } from '../http/problems/unavailable.js';
import type { OrderView } from './order.schema.js';
import { ORDER_COLUMNS } from './order-sql.js';
import { priceOf } from './price.js';

export const SETTLED_ORDERS = {
  name: 'settled-orders',
  text: `SELECT ${ORDER_COLUMNS} FROM orders WHERE id = ANY ($1::uuid[])`,
  query_timeout: LOOKUP_TIMEOUT,
};

/** Most orders of a buyer that are listed. */
const MOST_HOLDING = 20;

export const HOLDING = {
  name: 'holding',
  text: `SELECT held.id AS "orderId", held.sku, held.quantity, held.status
    FROM orders AS asked JOIN orders AS held USING (sale_id, buyer_id)
    WHERE asked.id = $1 AND held.status IN ('reserved', 'paid') ORDER BY held.accepted_at, held.id LIMIT ${MOST_HOLDING}`,
  query_timeout: LOOKUP_TIMEOUT,
};

/** Finds orders wherever they are: in the queue, settled in Postgres, or refused by it as dead letters. */
@Injectable()
export class OrdersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly catalog: SaleCatalog,
    private readonly admissions: Admissions,
    private readonly deadLetters: DeadLetters,
  ) {}

  /**
   * The settled ones, dead letters included.
   *
   * @throws {ProblemError} POSTGRES_UNAVAILABLE
   */
  async settled(orderIds: readonly string[]): Promise<OrderView[]> {
    const stored = await this.stored(orderIds);
    return [...stored, ...(await this.refused(missingIn(stored, orderIds)))];
  }

  /** As {@link settled}, without dead letters. */
  async stored(orderIds: readonly string[]): Promise<OrderView[]> {
    const query = poolOf(this.dataSource).query<OrderRow>({ ...SETTLED_ORDERS, values: [orderIds] });
    const { rows } = await fromPostgres(query);
    return (await Promise.all(rows.map((row) => this.#priced(viewOf(row))))).flat();
  }

  /** @throws {ProblemError} ORDER_NOT_FOUND, or what {@link find} throws */
  async get(orderId: string): Promise<OrderView> {
    const order = await this.find(orderId);
    if (!order)
      throw new ProblemError(
        'ORDER_NOT_FOUND',
        `No order has the id ${orderId}. Those of archived sales are not kept here.`,
      );
    return order;
  }

  /** @throws {ProblemError} POSTGRES_UNAVAILABLE or REDIS_UNAVAILABLE, if that leaves it unknown whether the order exists */
  async find(orderId: string): Promise<OrderView | undefined> {
    const stored = await this.settled([orderId]).catch((error: ProblemError) => error);
    if (Array.isArray(stored) && stored[0]) return stored[0];
    const queued = await this.#queued(orderId);
    if (queued) return queued;
    if (!Array.isArray(stored)) throw stored;
    // It may have left the queue between the two looks.
    return (await this.settled([orderId]))[0];
  }

  /**
   * The first orders with which this order's buyer holds units of the sale.
   *
   * @throws {ProblemError} POSTGRES_UNAVAILABLE
   */
  async holding(orderId: string): Promise<HeldView[]> {
    const query = poolOf(this.dataSource).query<HeldView>({ ...HOLDING, values: [orderId] });
    return (await fromPostgres(query)).rows;
  }

  /** With what it costs; nothing of a sale that is archived, whose rows are about to go. Sales are in memory while they run, so this costs nothing. */
  async #priced(order: OrderView): Promise<OrderView[]> {
    const sale = await fromPostgres(this.catalog.find(order.saleId));
    if (!sale) return [];
    return [sale.currency ? { ...order, price: priceOf(sale, order) } : order];
  }

  /** Dead letters. While Redis is down there seem to be none. */
  async refused(orderIds: readonly string[]): Promise<OrderView[]> {
    const letters = await this.deadLetters.find(orderIds).catch(() => []);
    return letters.flatMap((letter) => {
      if (letter.kind !== 'checkout') return [];
      const { orderId, saleId, sku, quantity } = letter.order;
      return [{ orderId, saleId, sku, quantity, ...REFUSED }];
    });
  }

  async #queued(orderId: string): Promise<OrderView | undefined> {
    const order = await fromRedis(this.admissions.find(orderId));
    return order && queuedView(order);
  }
}

/** An order that is accepted and not settled. */
export const queuedView = ({ orderId, saleId, sku, quantity, acceptedAt }: OrderRequest): OrderView => ({
  orderId,
  saleId,
  sku,
  quantity,
  status: 'queued',
  acceptedAt: new Date(acceptedAt).toISOString(),
});

/** An order as Postgres tells it: null instead of nothing, and dates. */
export type OrderRow = { readonly [K in keyof OrderView]: OrderView[K] | Date | null };

export function viewOf(row: OrderRow): OrderView {
  const told = Object.entries(row).filter(([, value]) => value !== null);
  const view = told.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]);
  return Object.fromEntries(view) as OrderView;
}

function missingIn(rows: readonly OrderView[], orderIds: readonly string[]): string[] {
  const found = new Set(rows.map(({ orderId }) => orderId));
  return orderIds.filter((orderId) => !found.has(orderId));
}
