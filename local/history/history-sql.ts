/** How much a shop has sold before. */
export interface HistorySize {
  readonly sales: number;
  /** Of each sale. */
  readonly skus: number;
  /** Of each SKU: a multiple of ten, since of ten orders six are paid, two ended, one is rejected and one still reserved. */
  readonly orders: number;
}

/** One of the statements that write a history. */
export interface Step {
  readonly table: string;
  readonly text: (size: HistorySize) => string;
}

/** Ids follow from numbers, so that tables need not be read to fit together. */
const idOf = (kind: string, number: string) => `md5('${kind} ' || ${number})::uuid`;

/**
 * As the application makes them: with the time at which the sale was opened, one each minute. Every other sale is from before that, and
 * has random ids.
 */
const idInSale = (version: 7 | 8, sale: string, kind: string, number: string) => `
  CASE (${sale}) % 2 WHEN 0 THEN ${idOf(kind, number)} ELSE (lpad(to_hex(${FIRST_SALE_AT} + (${sale}) * 60000), 12, '0')
    || ${version} || substr(md5('${kind} ' || ${number}), 14, 3) || 8 || substr(md5('${kind} ' || ${number}), 18))::uuid END`;
const FIRST_SALE_AT = 1_700_000_000_000;
const saleId = (sale: string) => idInSale(7, sale, 'sale', sale);

/** Orders by number, with the ids of a payment; `nth` is that of an order among those of its SKU. */
const ofOrders = ({ sales, skus, orders }: HistorySize) => `
  (SELECT n, ${saleId(`n / ${skus * orders}`)} AS sale_id, ${idInSale(8, `n / ${skus * orders}`, 'order', 'n')} AS order_id,
    ${idInSale(8, `n / ${skus * orders}`, 'payment', 'n')} AS payment_id, 'sku-' || n / ${orders} % ${skus} AS sku, n % ${orders} AS nth,
    n % 10 AS kind, now() - interval '1 day' - (${sales * skus * orders} - n) * interval '100 ms' AS at
  FROM generate_series(0, ${sales * skus * orders - 1}) AS n) AS o`;

/** What becomes of ten orders: six paid, one expired, one cancelled, one rejected, one reserved. */
const STATUS = `(ARRAY['paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'expired', 'cancelled', 'rejected', 'reserved'])[kind + 1]`;
const IS_PAID = 'kind < 6';
const IS_ENDED = 'kind IN (6, 7)';
const IS_SOLD = 'kind <> 8';

/** The number of an order among the paid ones, the ended ones, and those of its SKU that were sold or came back. From 0. */
const nthPaid = 'n / 10 * 6 + kind';
const nthEnded = 'n / 10 * 2 + kind - 6';
const nthSold = '(nth - (nth + 1) / 10)';
const nthBack = '(nth / 10 * 2 + kind - 6)';

/** Its units have rows. */
const UNIT_SALE = idOf('sale of units', '0');

/** The large tables, the largest first, depend on nothing. */
export const HISTORY: { readonly first: readonly Step[]; readonly afterwards: readonly Step[] } = {
  first: [
    {
      table: 'sales',
      text: ({ sales }) => `
        INSERT INTO sales (id, name, strategy, reservation_ttl_seconds, created_at, idempotency_key, request)
        SELECT ${saleId('n')}, 'sale ' || n, 'redis', 86400, now() - (${sales} - n) * interval '1 minute' - interval '1 day', 'key ' || n, '{}'::jsonb
        FROM generate_series(0, ${sales - 1}) AS n
        UNION ALL SELECT ${UNIT_SALE}, 'sale of units', 'skip-locked', NULL, now() - interval '1 year', NULL, NULL::jsonb`,
    },
    {
      table: 'stock',
      text: ({ sales, skus, orders }) => `
        INSERT INTO stock (sale_id, sku, initial, available, version, fence_token, fence_holder)
        SELECT ${saleId('sale')}, 'sku-' || sku, ${orders}, ${(orders * 3) / 10}, ${(orders * 11) / 10}, 1, 'worker'
        FROM generate_series(0, ${sales - 1}) AS sale, generate_series(0, ${skus - 1}) AS sku
        UNION ALL SELECT ${UNIT_SALE}, 'unit', ${sales * skus}, NULL, 0, 0, NULL`,
    },
    {
      table: 'units',
      text: ({ sales, skus }) =>
        `INSERT INTO units (sale_id, sku) SELECT ${UNIT_SALE}, 'unit' FROM generate_series(1, ${sales * skus})`,
    },
    {
      table: 'feed',
      text: ({ sales, skus, orders }) => `UPDATE feed SET last_number = ${(sales * skus * orders * 18) / 10}`,
    },
    {
      table: 'admin_actions',
      text: ({ sales }) => `
        INSERT INTO admin_actions (admin, action, sale_id) SELECT 'admin', 'open', ${saleId('n')} FROM generate_series(0, ${sales - 1}) AS n`,
    },
    {
      table: 'stock_adjustments',
      text: ({ sales }) => `
        INSERT INTO stock_adjustments (id, sale_id, sku, units, status, reason, decided_at)
        SELECT ${idOf('adjustment', 'n')}, ${saleId('n')}, 'sku-0', -1000, 'refused', 'INSUFFICIENT_STOCK', now()
        FROM generate_series(0, ${sales - 1}) AS n`,
    },
  ],
  afterwards: [
    {
      table: 'orders',
      text: (size) => `
        INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, reason, idempotency_key, accepted_at, settled_at, expires_at,
          paid_at, ended_at, restocked_at)
        SELECT order_id, sale_id, sku, 'buyer-' || n % ${Math.ceil((size.sales * size.skus * size.orders) / 10)}, 1, ${STATUS},
          CASE WHEN kind = 8 THEN 'BUYER_LIMIT_EXCEEDED' END, 'key ' || n, at, at,
          CASE WHEN kind = 9 THEN now() + interval '7 days' WHEN ${IS_SOLD} THEN at + interval '10 min' END,
          CASE WHEN ${IS_PAID} THEN at + interval '1 min' END, CASE WHEN ${IS_ENDED} THEN at + interval '10 min' END,
          CASE WHEN ${IS_ENDED} THEN at + interval '10 min' END
        FROM ${ofOrders(size)}`,
    },
    {
      // Published, and not old enough to be trimmed.
      table: 'outbox',
      text: (size) => {
        const all = size.sales * size.skus * size.orders;
        return `
        INSERT INTO outbox (kind, order_ids, at, last_number)
        SELECT 'settled', ARRAY[order_id], now(), n + 1 FROM ${ofOrders(size)}
        UNION ALL
        SELECT 'paid', ARRAY[order_id], now(), ${all} + ${nthPaid} + 1 FROM ${ofOrders(size)} WHERE ${IS_PAID}
        UNION ALL
        SELECT ${STATUS}, ARRAY[order_id], now(), ${(all * 16) / 10} + ${nthEnded} + 1 FROM ${ofOrders(size)} WHERE ${IS_ENDED}`;
      },
    },
    {
      // First all are sold, then some come back.
      table: 'stock_movements',
      text: (size) => {
        const sold = (size.orders * 9) / 10;
        return `
        INSERT INTO stock_movements (sale_id, sku, units, before, after, version, token, holder, committed_at)
        SELECT sale_id, sku, 1, ${size.orders} - ${nthSold}, ${size.orders} - ${nthSold} - 1, ${nthSold} + 1, 1, 'worker', at
        FROM ${ofOrders(size)} WHERE ${IS_SOLD}
        UNION ALL
        SELECT sale_id, sku, -1, ${size.orders - sold} + ${nthBack}, ${size.orders - sold} + ${nthBack} + 1, ${sold} + ${nthBack} + 1, 1, 'worker', at
        FROM ${ofOrders(size)} WHERE ${IS_ENDED}`;
      },
    },
    {
      table: 'payments',
      text: (size) => `
        INSERT INTO payments (id, order_id, token, units, status, started_at)
        SELECT payment_id, order_id, 'tok_visa', 1, CASE WHEN ${IS_PAID} THEN 'charged' ELSE 'declined' END, at
        FROM ${ofOrders(size)} WHERE ${IS_SOLD}`,
    },
    {
      table: 'payment_provider.charges',
      text: (size) => `
        INSERT INTO payment_provider.charges (key, units, status)
        SELECT payment_id, 1, 'charged' FROM ${ofOrders(size)} WHERE ${IS_PAID}`,
    },
  ],
};
