/** Redis names that API and workers share. One hash tag per sale keeps a script's keys in one cluster slot. */
const sale = (saleId: string) => `checkout:{${saleId}}`;

export const keys = {
  idempotency: (saleId: string, orderId: string) => `${sale(saleId)}:key:${orderId}`,
  soldOut: (saleId: string, sku: string) => `${sale(saleId)}:sold-out:${sku}`,
  pending: (saleId: string, sku: string) => `${sale(saleId)}:pending:${sku}`,
  /** Channel on which one API replica hears the outcomes that its clients wait for. */
  outcomes: (replica: string) => `checkout:outcomes:${replica}`,
};
