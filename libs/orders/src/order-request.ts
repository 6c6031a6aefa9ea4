import { hash } from 'node:crypto';

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

/** What the ids of a sale's orders begin with. */
interface SaleOfOrders {
  readonly id: string;
  /** A UUID that only this application knows. */
  readonly orderNamespace: string;
}

/**
 * The id follows from sale, buyer and Idempotency-Key: whoever repeats them means the same order. Nobody can compute it, however
 * easily buyer and key are guessed, since the namespace is secret.
 */
export function orderIdOf(
  { id, orderNamespace }: SaleOfOrders,
  buyerId: string,
  idempotencyKey: string,
): string {
  return uuidV5(JSON.stringify([id, buyerId, idempotencyKey]), orderNamespace);
}

/** A name-based UUID (RFC 9562). The package `uuid` takes twice as long, and each checkout needs one. */
function uuidV5(name: string, namespace: string): string {
  const named = Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]);
  const hex = hash('sha1', named);
  const variant = ((parseInt(hex[16]!, 16) & 0b0011) | 0b1000).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Shows whether a replayed key came with the same body. A SKU contains no space. */
export function fingerprintOf({ sku, quantity }: Pick<OrderRequest, 'sku' | 'quantity'>): string {
  return `${quantity} ${sku}`;
}
