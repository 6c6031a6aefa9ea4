import type { OrderRequest, Outcome, RejectionReason } from '@app/orders';

/** What the critical section knows when it decides. */
export interface Supply {
  readonly available: number;
  /** Units one buyer may hold, and what the buyers of these orders hold already. */
  readonly perBuyerLimit?: number;
  readonly held?: ReadonlyMap<string, number>;
}

export interface Allocation {
  readonly outcomes: readonly Outcome[];
  /** Units taken from the stock. */
  readonly units: number;
}

/** Gives out stock in arrival order. A later, smaller order may still fit where a larger one did not. */
export function allocate(
  orders: readonly OrderRequest[],
  { available, perBuyerLimit = Infinity, held }: Supply,
): Allocation {
  const heldNow = new Map(held);
  let units = 0;
  const outcomes = orders.map(({ buyerId, quantity }): Outcome => {
    const left = available - units;
    const holds = heldNow.get(buyerId) ?? 0;
    if (left <= 0) return rejected('SOLD_OUT');
    if (holds + quantity > perBuyerLimit) return rejected('BUYER_LIMIT_EXCEEDED');
    if (quantity > left) return rejected('INSUFFICIENT_STOCK');
    units += quantity;
    heldNow.set(buyerId, holds + quantity);
    return { status: 'reserved' };
  });
  return { outcomes, units };
}

const rejected = (reason: RejectionReason): Outcome => ({ status: 'rejected', reason });
