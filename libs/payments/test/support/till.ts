import { poolOf } from '@app/database';
import { Reservations, strategyOf, type Sale } from '@app/inventory';
import type { Locks } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Shop } from '@app/testing';
import { Payments, SimulatedProvider } from '../../src/index.js';
import { MortalProvider } from './mortal-provider.js';

/** Milliseconds until a provider's answer counts as lost. */
const TIMEOUT = 25;

/** The real thing, as the processes of the application have it: sections, payments, provider. */
export class Till {
  readonly provider: MortalProvider;
  readonly payments: Payments;
  readonly #reservations: Reservations<OrderRequest>;

  constructor(
    readonly shop: Shop,
    readonly sale: Sale,
    locks: Locks,
  ) {
    const pool = poolOf(shop.dataSource);
    this.provider = new MortalProvider(new SimulatedProvider(pool));
    this.payments = new Payments(pool, this.provider, TIMEOUT);
    this.#reservations = new Reservations({
      pool,
      batchSize: 8,
      maxHold: 20,
      inFlight: 16,
      signal: new AbortController().signal,
      lockOptions: () => ({ ttl: 5_000, earlyTakeover: true }),
      lockOf: (strategy) => locks.of(strategyOf(strategy).lock!),
      onCommit: async () => undefined,
    });
  }

  reserve(order: OrderRequest) {
    return this.#reservations.reserve(order, this.sale);
  }

  async restock(orders: readonly OrderRequest[]): Promise<void> {
    await Promise.all(orders.map((order) => this.#reservations.restock(order, this.sale)));
  }

  /** As a sweep that comes long after whatever was started. */
  async resume(): Promise<void> {
    await this.shop.dataSource.query(
      `UPDATE payments SET started_at = started_at - interval '1 hour'
       FROM orders WHERE orders.id = order_id AND sale_id = $1`,
      [this.sale.id],
    );
    await this.payments.resume();
  }

  total() {
    return this.shop.totalOf(this.sale);
  }

  /** Status of each order, by id. */
  async statuses(): Promise<Map<string, string>> {
    const rows = await this.shop.dataSource.query<{ id: string; status: string }[]>(
      'SELECT id, status FROM orders WHERE sale_id = $1',
      [this.sale.id],
    );
    return new Map(rows.map(({ id, status }) => [id, status]));
  }

  /** Whether anybody began to pay the order. */
  async began(orderId: string): Promise<boolean> {
    const rows = await this.shop.dataSource.query<unknown[]>('SELECT FROM payments WHERE order_id = $1', [
      orderId,
    ]);
    return rows.length > 0;
  }

  /** Units that the provider took and did not give back, by order. */
  async money(): Promise<Map<string, number>> {
    const rows = await this.shop.dataSource.query<{ id: string; units: number }[]>(
      `SELECT order_id AS id, sum(charges.units)::int AS units
       FROM payment_provider.charges JOIN payments ON payments.id = key JOIN orders ON orders.id = order_id
       WHERE sale_id = $1 AND charges.status = 'charged' GROUP BY order_id`,
      [this.sale.id],
    );
    return new Map(rows.map(({ id, units }) => [id, units]));
  }
}
