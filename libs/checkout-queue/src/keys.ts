/** Names of a shard that API and workers share. */
export function keysOf(prefix = '') {
  const checkout = `${prefix}checkout`;
  const sale = (saleId: string) => `${checkout}:${saleId}`;
  return {
    /** What carries an order (the field), for as long as it is accepted and not settled: see {@link carrierOf}. */
    queued: `${checkout}:queued`,
    /** What was refused for good, by its order's id, until somebody has dealt with it. */
    deadLetters: `${checkout}:dead-letters`,
    idempotency: (saleId: string, orderId: string) => `${sale(saleId)}:key:${orderId}`,
    /** Exists only while Redis knows the key of every order of the sale. Names the history of writes that this belongs to. */
    memory: (saleId: string) => `${sale(saleId)}:key:memory`,
    /** Exists while the SKU counts as sold out: the versions of its stock rows, by stripe, at which nothing was left. */
    soldOut: (saleId: string, sku: string) => `${sale(saleId)}:sold-out:${sku}`,
    /** Versions of its stock rows, by stripe, at which units last came back: what is known of older ones is outdated. */
    reopened: (saleId: string, sku: string) => `${sale(saleId)}:reopened:${sku}`,
    /** Exists for a moment after any worker has settled something of the SKU: its lock is passed on. */
    moves: (saleId: string, sku: string) => `${sale(saleId)}:moves:${sku}`,
    pending: (saleId: string, sku: string) => `${sale(saleId)}:pending:${sku}`,
    /** Units of a SKU that nobody has taken (recount.lua). Only sales whose strategy counts in Redis have it. */
    counter: (saleId: string, sku: string) => `${sale(saleId)}:counter:${sku}`,
    /** The units of each order that has taken some there and is not settled. */
    counted: (saleId: string, sku: string) => `${sale(saleId)}:counted:${sku}`,
    /** How many orders of a sale are in the hash of queued ones. */
    backlog: (saleId: string) => `${sale(saleId)}:backlog`,
    /** Checkouts that were refused as sold out while there were units, by SKU. */
    refusedWithStock: (saleId: string) => `${sale(saleId)}:refused-with-stock`,
    /** Is never there: in the place of a list of guests it says that everybody may buy. */
    everybody: `${checkout}:everybody`,
  };
}
export type Keys = ReturnType<typeof keysOf>;

/** Channels, which belong to no shard. */
export const channels = {
  /** On which one API replica hears the outcomes that its clients wait for. */
  outcomes: (replica: string) => `checkout:outcomes:${replica}`,
  /** On which all of them hear what became of reservations. */
  endings: 'checkout:endings',
};
