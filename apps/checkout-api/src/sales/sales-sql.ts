import { AVAILABLE } from '@app/inventory';

/** Parameter: ids of sales. One statement, hence one snapshot: available stock and held units fit together. */
export const SALES = {
  name: 'sales',
  text: `
    SELECT sales.id, sales.name, strategy, currency, per_buyer_limit AS "perBuyerLimit",
      reservation_ttl_seconds AS "reservationTtlSeconds", waiting_room AS "waitingRoom", starts_at AS "startsAt", ends_at AS "endsAt",
      paused_at AS "pausedAt", created_at AS "createdAt", stripes, stock.items
    FROM unnest($1::uuid[]) AS asked (id) JOIN sales USING (id), LATERAL (
      SELECT json_agg(json_strip_nulls(json_build_object(
        'sku', sku, 'price', price, 'initial', initial, 'available', available, 'held', coalesce(held, 0), 'sold', coalesce(sold, 0)
      )) ORDER BY sku) AS items
      FROM (
        SELECT sku, max(price) AS price, sum(initial) AS initial, sum(${AVAILABLE}) AS available
        FROM stock WHERE stock.sale_id = asked.id GROUP BY sku
      ) AS whole LEFT JOIN (
        SELECT sku, sum(quantity) FILTER (WHERE status = 'reserved') AS held,
          sum(quantity) FILTER (WHERE status = 'paid' OR status = 'refunded' AND restocked_at IS NULL) AS sold
        FROM orders WHERE orders.sale_id = asked.id GROUP BY sku
      ) AS live USING (sku)
    ) AS stock`,
};

/** Parameters: how many, and the sale that the page before it ended with, or null. */
export const NEWEST = {
  name: 'newest-sales',
  text: `
    SELECT id FROM sales
    WHERE $2::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM sales WHERE id = $2)
    ORDER BY created_at DESC, id DESC LIMIT $1`,
};
