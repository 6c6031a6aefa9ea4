import type { OrderRequest } from '@app/orders';
import { CriticalSection, inLockOrder, type Committed } from './critical-section.js';
import { REJECT_SOLD_OUT_SQL } from './stock-sql.js';

/**
 * Rejects orders if no stripe of their SKU has a unit, else leaves them undecided. All stripes are seen in one snapshot, so
 * the answer was true at one moment, whatever moves meanwhile. It takes nothing, hence it needs no lock.
 */
export class SoldOutSection extends CriticalSection {
  protected override async commit(orders: readonly OrderRequest[]): Promise<Committed> {
    const rejected = orders.toSorted(inLockOrder);
    const { rows } = await this.pool.query<{ available: number; versions: string[] }>({
      name: 'reject sold out',
      text: REJECT_SOLD_OUT_SQL,
      values: [
        this.target.saleId,
        this.target.sku,
        rejected.map(({ orderId }) => orderId),
        rejected.map(({ buyerId }) => buyerId),
        rejected.map(({ quantity }) => quantity),
        rejected.map(({ idempotencyKey }) => idempotencyKey),
        rejected.map(({ acceptedAt }) => acceptedAt),
      ],
    });
    const { available, versions } = rows[0]!;
    const outcome = available > 0 ? undefined : ({ status: 'rejected', reason: 'SOLD_OUT' } as const);
    return { outcomes: orders.map(() => outcome), available, versions };
  }
}
