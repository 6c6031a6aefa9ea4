/** One statement, hence one snapshot: available stock and held units fit together. */
const salesSql = (which: string) => `
  SELECT sales.id, name, strategy, per_buyer_limit AS "perBuyerLimit",
    reservation_ttl_seconds AS "reservationTtlSeconds", waiting_room AS "waitingRoom", starts_at AS "startsAt", ends_at AS "endsAt",
    created_at AS "createdAt", stripes, stock.items
  FROM sales, LATERAL (
    SELECT json_agg(json_build_object(
      'sku', sku, 'initial', initial, 'available', available, 'held', coalesce(held, 0), 'sold', coalesce(sold, 0)
    ) ORDER BY sku) AS items
    FROM (
      SELECT sku, sum(initial) AS initial, sum(available) AS available
      FROM stock WHERE stock.sale_id = sales.id GROUP BY sku
    ) AS whole LEFT JOIN (
      SELECT sku, sum(quantity) FILTER (WHERE status = 'reserved') AS held,
        sum(quantity) FILTER (WHERE status = 'paid') AS sold
      FROM orders WHERE orders.sale_id = sales.id GROUP BY sku
    ) AS live USING (sku)
  ) AS stock ${which}`;

export const SALE_SQL = salesSql('WHERE sales.id = $1');
export const NEWEST_SALES_SQL = salesSql('ORDER BY created_at DESC, sales.id LIMIT $1');
