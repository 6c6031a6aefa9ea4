import type { OrderRequest } from '@app/orders';
import type { StrategyName } from '../strategies.js';
import { Lane, type LaneWork, type Sku } from './lane.js';
import type { ReservationsOptions } from './options.js';
import type { PendingOrder } from './pending-orders.js';
import type { StockSection } from './pending-returns.js';
import { StockLane } from './stock-lane.js';

/** The lanes of this process, by name. A lane exists while something is pending in it. */
export class Lanes<O extends OrderRequest> {
  readonly #stock = new Map<string, StockLane<O>>();
  readonly #others = new Map<string, Lane<O>>();

  constructor(private readonly options: ReservationsOptions<O>) {}

  /** Orders that wait in a lane of a stock row. */
  waiting(name: string): number {
    return this.#stock.get(name)?.waiting ?? 0;
  }

  stock(
    name: string,
    sku: Sku,
    strategy: StrategyName,
    work: () => LaneWork<PendingOrder<O>, StockSection>,
  ): StockLane<O> {
    const there = this.#stock.get(name);
    if (there) return there;
    const lane = new StockLane(sku, strategy, work(), this.options, () => this.#stock.delete(name));
    this.#stock.set(name, lane);
    return lane;
  }

  /** For what no single stock row decides. */
  other(name: string, sku: Sku, strategy: StrategyName, work: () => LaneWork<PendingOrder<O>>): Lane<O> {
    const there = this.#others.get(name);
    if (there) return there;
    const lane = new Lane(sku, strategy, work(), this.options, () => this.#others.delete(name));
    this.#others.set(name, lane);
    return lane;
  }

  /** Rejects with `reason` the orders or returns of a SKU that wait behind the first `keep`. */
  withdraw({ saleId, sku }: Sku, what: 'orders' | 'returns', keep: number, reason: Error) {
    const isOf = (lane: { readonly sku: Sku }) => lane.sku.saleId === saleId && lane.sku.sku === sku;
    const stock = [...this.#stock.values()].filter(isOf);
    const others = [...this.#others.values()].filter(isOf);
    const each = Math.ceil(keep / (stock.length + others.length));
    if (what === 'returns') for (const lane of stock) lane.withdrawReturns(each, reason);
    else for (const lane of [...stock, ...others]) lane.withdrawOrders(each, reason);
  }

  async idle(): Promise<void> {
    for (;;) {
      const lanes = [...this.#stock.values(), ...this.#others.values()];
      if (lanes.length === 0) return;
      await Promise.all(lanes.map((lane) => lane.idle()));
    }
  }
}
