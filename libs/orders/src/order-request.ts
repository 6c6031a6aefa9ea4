import { namedBeside } from './named-uuid.js';

/** A checkout as the API accepted it; the worker turns it into an order. */
export interface OrderRequest {
  readonly orderId: string;
  readonly saleId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly buyerId: string;
  readonly idempotencyKey: string;
  /** Milliseconds since the epoch, on the API's clock. */
  readonly acceptedAt: number;
}

/** What the ids of a sale's orders follow from. */
interface SaleOfOrders {
  readonly id: string;
  /** A UUID that only this application knows. */
  readonly orderNamespace: string;
}

/** The id follows from sale, buyer and Idempotency-Key: whoever repeats them means the same order. Nobody else can compute it. */
export const orderIdOf = (
  { id, orderNamespace }: SaleOfOrders,
  buyerId: string,
  idempotencyKey: string,
): string => namedBeside(id, JSON.stringify([id, buyerId, idempotencyKey]), orderNamespace);

/** Shows whether a replayed key came with the same body. A SKU contains no space. */
export function fingerprintOf({ sku, quantity }: Pick<OrderRequest, 'sku' | 'quantity'>): string {
  return `${quantity} ${sku}`;
}
