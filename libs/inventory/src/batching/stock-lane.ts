import type { OrderRequest } from '@app/orders';
import type { StrategyName } from '../strategies.js';
import { Lane, type LaneWork, type Sku } from './lane.js';
import type { ReservationsOptions } from './options.js';
import type { PendingOrder } from './pending-orders.js';
import { PendingReturns, type PendingReturn, type StockSection } from './pending-returns.js';

/** A lane of one stock row. Units come back to it under the lock under which they are sold. */
export class StockLane<O extends OrderRequest> extends Lane<O, StockSection> {
  readonly #returns: PendingReturns<O>;

  constructor(
    sku: Sku,
    strategy: StrategyName,
    work: LaneWork<PendingOrder<O>, StockSection>,
    options: ReservationsOptions<O>,
    onEmpty: () => void,
  ) {
    const returns = new PendingReturns(sku.saleId, sku.sku, options);
    super(sku, strategy, work, options, onEmpty, [returns]); // first, so that what comes back is there for those who wait
    this.#returns = returns;
  }

  addReturn(due: PendingReturn) {
    this.#returns.add(due);
    this.run();
  }

  /** Rejects the reservations that wait to end behind the first `keep`. */
  withdrawReturns(keep: number, reason: Error) {
    this.#returns.reject(reason, keep);
  }
}
