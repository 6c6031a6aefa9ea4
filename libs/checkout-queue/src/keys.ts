const sale = (saleId: string) => `checkout:${saleId}`;

/** Redis names that API and workers share. */
export const keys = {
  /** The job (its id) that carries an order (the field), for as long as the order is accepted and not settled. */
  queued: 'checkout:queued',
  idempotency: (saleId: string, orderId: string) => `${sale(saleId)}:key:${orderId}`,
  /** `1` while the SKU counts as sold out, `open` for a moment after units came back. */
  soldOut: (saleId: string, sku: string) => `${sale(saleId)}:sold-out:${sku}`,
  pending: (saleId: string, sku: string) => `${sale(saleId)}:pending:${sku}`,
  /** Channel on which one API replica hears the outcomes that its clients wait for. */
  outcomes: (replica: string) => `checkout:outcomes:${replica}`,
  /** Channel on which all of them hear what became of reservations. */
  endings: 'checkout:endings',
};
