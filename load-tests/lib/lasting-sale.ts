import { createSale, requireReadyTarget } from './api.ts';

/** The one SKU of a sale whose stock outlasts the load. */
export const sku = 'plenty';

export function setup() {
  requireReadyTarget();
  return { saleId: createSale([{ sku, stock: 1_000_000 }]) };
}

export type Data = ReturnType<typeof setup>;
