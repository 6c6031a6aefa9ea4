/** Columns of an order's view, without its price. */
export const ORDER_COLUMNS = `
  orders.id AS "orderId", orders.sale_id AS "saleId", orders.sku, orders.quantity, orders.status, orders.reason,
  CASE orders.status WHEN 'reserved' THEN orders.expires_at END AS "expiresAt",
  orders.accepted_at AS "acceptedAt", orders.settled_at AS "settledAt", orders.paid_at AS "paidAt", orders.ended_at AS "endedAt",
  orders.restocked_at AS "restockedAt"`;

/** What each of many orders costs, as `price`, where its sale has prices: they never change. */
export const ORDER_PRICES = `
  LEFT JOIN LATERAL (
    SELECT json_build_object('unit', stock.price, 'total', stock.price::bigint * orders.quantity, 'currency', sales.currency) AS price
    FROM stock JOIN sales ON sales.id = stock.sale_id
    WHERE stock.sale_id = orders.sale_id AND stock.sku = orders.sku AND stock.stripe = 0 AND stock.price IS NOT NULL
  ) AS price ON true`;
