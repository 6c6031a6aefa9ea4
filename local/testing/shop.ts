import { dataSourceOptions, migrate, poolOf } from '@app/database';
import { audit, openSale, Sale, Stock, type Audit, type StrategyName } from '@app/inventory';
import { orderIdOf, type OrderRequest } from '@app/orders';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';

/** A migrated database with what tests of the critical section need. */
export class Shop {
  private constructor(readonly dataSource: DataSource) {}

  static async open(url: string, poolSize = 20): Promise<Shop> {
    await migrate(url);
    const options = dataSourceOptions({ url, poolSize, entities: [Sale, Stock], applicationName: 'test' });
    return new Shop(await new DataSource(options).initialize());
  }

  async sale(
    stock: Record<string, number>,
    strategy: StrategyName,
    perBuyerLimit: number | null = null,
    stripes = 1,
    reservationTtlSeconds: number | null = null,
  ): Promise<Sale> {
    const items = Object.entries(stock).map(([sku, units]) => ({ sku, stock: units }));
    const rules = { strategy, perBuyerLimit, stripes, reservationTtlSeconds };
    const id = await openSale(poolOf(this.dataSource), { name: 'test', ...rules, items });
    return this.dataSource.getRepository(Sale).findOneByOrFail({ id });
  }

  /** Makes reservations due, as if their time were over or, on demand, their buyers had cancelled them. */
  async makeDue(orders: readonly Pick<OrderRequest, 'orderId'>[], cancelRequested = false): Promise<void> {
    await this.dataSource.query(
      'UPDATE orders SET expires_at = clock_timestamp(), cancel_requested = $2 WHERE id = ANY ($1::uuid[])',
      [orders.map(({ orderId }) => orderId), cancelRequested],
    );
  }

  /** What the audit says of a sale. */
  async totalOf({ id }: Pick<Sale, 'id'>): Promise<Audit['total']> {
    return (await audit(poolOf(this.dataSource), id)).total;
  }

  close() {
    return this.dataSource.destroy();
  }
}

/** An order, of a new buyer unless one is named. */
export function orderOf(saleId: string, order: Partial<OrderRequest> = {}): OrderRequest {
  const { sku = 'hot', quantity = 1, buyerId = randomUUID(), idempotencyKey = 'key' } = order;
  const orderId = orderIdOf({ id: saleId, orderNamespace: saleId }, buyerId, idempotencyKey);
  return { orderId, saleId, sku, quantity, buyerId, idempotencyKey, acceptedAt: Date.now() };
}
