/** `queued` is never stored: an order gets its row when a worker settles it. */
export const ORDER_STATUSES = ['queued', 'reserved', 'paid', 'expired', 'cancelled', 'rejected'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Why an order was rejected. One that is `UNPROCESSABLE` has no row, since Postgres refuses it: it is a dead letter. */
export const REJECTION_REASONS = [
  'SOLD_OUT',
  'INSUFFICIENT_STOCK',
  'BUYER_LIMIT_EXCEEDED',
  'UNPROCESSABLE',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** What the critical section decides for one order. */
export type Outcome = (
  { readonly status: 'reserved' } | { readonly status: 'rejected'; readonly reason: RejectionReason }
) & {
  /** It was decided when the order came before. The row tells of which SKU and quantity it was, and what became of it since. */
  readonly before?: true;
};

/** How a reservation ends that is not paid. */
export type EndedStatus = 'expired' | 'cancelled';

/** What an order has come to, as far as it is known: what its buyer is told. */
export interface OrderState {
  readonly status: OrderStatus;
  readonly reason?: RejectionReason;
}
