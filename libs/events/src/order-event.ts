/** What happens to an order: `reserved` or `rejected` first, at most one of the others after `reserved`, and `refunded` after `paid`. */
export const EVENT_TYPES = [
  'order.reserved',
  'order.rejected',
  'order.paid',
  'order.expired',
  'order.cancelled',
  'order.refunded',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface OrderEvent {
  /** Its place in the feed: the next event has the next number. */
  readonly number: number;
  readonly type: EventType;
  readonly at: Date;
  readonly orderId: string;
  readonly saleId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly buyerId: string;
  /** Why it was rejected. */
  readonly reason: string | null;
}

/** An event as JSON keeps it. */
export interface HeldEvent extends Omit<OrderEvent, 'at'> {
  readonly at: string;
}

/** The same however often the event is told: an order has at most one event of each type. */
export const idOf = ({ orderId, type }: Pick<OrderEvent, 'orderId' | 'type'>) =>
  `${orderId}_${type.slice('order.'.length)}`;

/** What whoever reads the feed or receives a webhook is told. */
export function viewOf(event: OrderEvent) {
  const { number, type, at, orderId, saleId, sku, quantity, buyerId, reason } = event;
  return {
    id: idOf(event),
    number,
    type,
    timestamp: at.toISOString(),
    data: { orderId, saleId, sku, quantity, buyerId, ...(reason === null ? {} : { reason }) },
  };
}
export type EventView = ReturnType<typeof viewOf>;
