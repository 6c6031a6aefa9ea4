import type { OrderRequest } from '@app/orders';
import type { Restocked } from '../section/stock-store.js';
import { gated } from './gated.js';
import { inHalves } from './in-halves.js';
import type { ReservationsOptions } from './options.js';
import type { Section } from './pending-orders.js';
import { rejectAlone, type Pending, type Telling } from './pending.js';

/** A reservation that is to end. */
export interface PendingReturn {
  readonly orderId: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A section on one stock row, to which units come back, too. */
export interface StockSection extends Section {
  restock(orderIds: readonly string[]): Promise<Restocked>;
}

/** The reservations that no section has begun to end. */
export class PendingReturns<O extends OrderRequest> implements Pending<StockSection> {
  readonly #returns: PendingReturn[] = [];

  constructor(
    private readonly saleId: string,
    private readonly sku: string,
    private readonly options: ReservationsOptions<O>,
  ) {}

  get count(): number {
    return this.#returns.length;
  }

  add(due: PendingReturn) {
    this.#returns.push(due);
  }

  reject(reason: unknown, keep = 0) {
    for (const { reject } of this.#returns.splice(keep)) reject(reason);
  }

  serve(section: StockSection, telling: Telling): Promise<void> {
    const restockAll = async (batch: readonly PendingReturn[]) => {
      const orderIds = batch.map(({ orderId }) => orderId);
      const restocked = await gated(this.options, this.saleId, () => section.restock(orderIds));
      telling(() => this.#tell(batch, restocked));
    };
    return inHalves(this.#returns, this.options.batchSize, restockAll, rejectAlone);
  }

  #tell(batch: readonly PendingReturn[], restocked: Restocked) {
    const { saleId, sku } = this;
    const told = restocked.ended.length > 0 ? this.options.onRestock?.(saleId, sku, restocked) : undefined;
    Promise.resolve(told).then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  }
}
