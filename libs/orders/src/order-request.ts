import { parse, v5 as uuidv5 } from 'uuid';

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

const ORDER_NAMESPACE = parse('5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e');

/** The id follows from sale, buyer and Idempotency-Key: whoever repeats them means the same order. */
export function orderIdOf(saleId: string, buyerId: string, idempotencyKey: string): string {
  return uuidv5(Buffer.from(JSON.stringify([saleId, buyerId, idempotencyKey])), ORDER_NAMESPACE);
}

/** Shows whether a replayed key came with the same body. A SKU contains no space. */
export function fingerprintOf({ sku, quantity }: Pick<OrderRequest, 'sku' | 'quantity'>): string {
  return `${quantity} ${sku}`;
}
