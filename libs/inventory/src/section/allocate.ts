import type { OrderRequest, Outcome, RejectionReason } from '@app/orders';

/** What the critical section knows when it decides. */
export interface Supply {
  readonly available: number;
  /** Other stripes may have more: an order that does not fit here gets no outcome yet. */
  readonly partial?: boolean;
  /** Units one buyer may hold, and what the buyers of these orders hold already. */
  readonly perBuyerLimit?: number;
  readonly held?: ReadonlyMap<string, number>;
}

export interface Allocation {
  /** One per order, in their order. */
  readonly outcomes: readonly (Outcome | undefined)[];
  /** Units taken from the stock. */
  readonly units: number;
}

/** Allocates stock in arrival order. A smaller order may fit after a larger one did not. */
export function allocate(
  orders: readonly OrderRequest[],
  { available, partial, perBuyerLimit = Infinity, held }: Supply,
): Allocation {
  const heldNow = new Map(held);
  let units = 0;
  const outcomes = orders.map(({ buyerId, quantity }): Outcome | undefined => {
    const left = available - units;
    const holds = heldNow.get(buyerId) ?? 0;
    if (left <= 0) return partial ? undefined : rejected('SOLD_OUT');
    if (holds + quantity > perBuyerLimit) return rejected('BUYER_LIMIT_EXCEEDED');
    if (quantity > left) return partial ? undefined : rejected('INSUFFICIENT_STOCK');
    units += quantity;
    heldNow.set(buyerId, holds + quantity);
    return { status: 'reserved' };
  });
  return { outcomes, units };
}

const rejected = (reason: RejectionReason): Outcome => ({ status: 'rejected', reason });
