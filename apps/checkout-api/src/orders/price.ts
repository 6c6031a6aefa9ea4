import type { Sale } from '@app/inventory';
import type { OrderRequest } from '@app/orders';
import type { OrderView } from './order.schema.js';

/** What an order costs, where its sale has prices. */
export function priceOf(
  { currency, items }: Sale,
  { sku, quantity }: Pick<OrderRequest, 'sku' | 'quantity'>,
): OrderView['price'] {
  const unit = items.find((item) => item.sku === sku)?.price;
  return currency && unit ? { unit, total: unit * quantity, currency } : undefined;
}
