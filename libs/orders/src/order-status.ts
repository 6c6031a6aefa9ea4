/** `queued` is never stored: an order gets its row when a worker settles it. */
export const ORDER_STATUSES = [
  'queued',
  'reserved',
  'paid',
  'expired',
  'cancelled',
  'refunded',
  'rejected',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Why an order was rejected. An `UNPROCESSABLE` one is a dead letter without a row, since Postgres refuses it. */
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
  /** It was decided when the order came before. The row has its SKU and quantity, and its present status. */
  readonly before?: true;
};

/** How an order ends whose units come back: an unpaid reservation, or a paid order whose money went back. */
export type EndedStatus = 'expired' | 'cancelled' | 'refunded';

/** The state of an order, as far as it is known: what its buyer is told. */
export interface OrderState {
  readonly status: OrderStatus;
  readonly reason?: RejectionReason;
}
