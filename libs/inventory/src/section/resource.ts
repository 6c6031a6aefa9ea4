/** What is locked: the stock of a SKU, or one stripe of it where it has several. No part has a colon of its own. */
export function resourceOf({ saleId, sku }: { saleId: string; sku: string }, stripe?: number): string {
  return stripe === undefined ? `${saleId}:${sku}` : `${saleId}:${sku}:${stripe}`;
}

/** All that is locked of a SKU: one resource, or one for each of its stripes. */
export function resourcesOf(target: { saleId: string; sku: string }, stripes: number): string[] {
  if (stripes === 1) return [resourceOf(target)];
  return Array.from({ length: stripes }, (_, stripe) => resourceOf(target, stripe));
}
