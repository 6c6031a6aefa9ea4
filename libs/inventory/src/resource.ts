/** What is locked: the stock of a SKU, or one stripe of it where it has several. No part has a colon of its own. */
export function resourceOf({ saleId, sku }: { saleId: string; sku: string }, stripe?: number): string {
  return stripe === undefined ? `${saleId}:${sku}` : `${saleId}:${sku}:${stripe}`;
}
