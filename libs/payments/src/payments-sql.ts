/** The order holds its stock, and its buyer may still pay. */
const IS_PAYABLE = `
  orders.status = 'reserved' AND NOT orders.cancel_requested
  AND (orders.expires_at IS NULL OR orders.expires_at > clock_timestamp())`;

/** What is told of a payment, besides whether its order is payable. */
const PAYMENT_COLUMNS = `
  payments.id, payments.order_id AS "orderId", payments.status, payments.units, payments.token,
  payments.amount::float8, payments.currency`;

/**
 * Records a payment before anybody is charged, if the order is payable, has no other open payment, and had fewer than $4 before: one
 * who tries stolen cards needs many. Returns it, or no row.
 */
export const BEGIN_SQL = `
  INSERT INTO payments (id, order_id, token, units, amount, currency)
  SELECT $1, orders.id, $3, quantity, stock.price::bigint * quantity, sales.currency
  FROM orders
    LEFT JOIN stock ON stock.sale_id = orders.sale_id AND stock.sku = orders.sku AND stripe = 0 AND price IS NOT NULL
    LEFT JOIN sales ON sales.id = stock.sale_id
  WHERE orders.id = $2 AND ${IS_PAYABLE} AND (SELECT count(*) FROM payments WHERE order_id = $2) < $4
  ON CONFLICT DO NOTHING
  RETURNING ${PAYMENT_COLUMNS}, true AS payable`;

/** A payment and its order. Parameter: payment. */
export const LOOK_SQL = `
  SELECT ${PAYMENT_COLUMNS}, ${IS_PAYABLE} AS payable
  FROM payments JOIN orders ON orders.id = payments.order_id WHERE payments.id = $1`;

/** Whether another payment of the order is under way, and whether it could be paid if it had not had $2 payments. */
export const OTHERS_SQL = `
  SELECT coalesce(bool_or(status = 'started'), false) AS "inProgress",
    count(*) >= $2 AND EXISTS (SELECT FROM orders WHERE id = $1 AND ${IS_PAYABLE}) AS exhausted
  FROM payments WHERE order_id = $1`;

/**
 * Finishes a charged payment: the order becomes paid if it still holds its stock, else a refund is due. Whoever locks the order's
 * row first wins, this or the section that ends it. Returns no row if somebody else finished the payment.
 */
export const FINISH_SQL = `
  WITH mine AS (
    SELECT id, order_id FROM payments WHERE id = $1 AND status = 'started' FOR UPDATE
  ), paid AS (
    UPDATE orders SET status = 'paid', paid_at = clock_timestamp() FROM mine
    WHERE orders.id = mine.order_id AND orders.status = 'reserved' AND NOT orders.cancel_requested
    RETURNING orders.id
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) SELECT 'paid', ARRAY[id] FROM paid
  )
  UPDATE payments SET status = CASE WHEN EXISTS (SELECT FROM paid) THEN 'charged' ELSE 'refunding' END
  FROM mine WHERE payments.id = mine.id
  RETURNING payments.status`;

/** Parameters: payment, its expected state, its new state. Returns the new state, or no row if somebody else moved the payment. */
export const MOVE_SQL = 'UPDATE payments SET status = $3 WHERE id = $1 AND status = $2 RETURNING status';

/**
 * Payments that nobody finished: due refunds, and payments started so many seconds ago. The order is random: one that cannot be
 * finished must not block the others. Parameters: seconds, how many at most.
 */
export const UNFINISHED_SQL = `
  SELECT id, order_id AS "orderId", status FROM payments
  WHERE status = 'refunding' OR status = 'started' AND started_at < clock_timestamp() - make_interval(secs => $1)
  ORDER BY random() LIMIT $2`;

/**
 * Refunds a paid order, once: its money goes back, and if it is wanted so, its units come back when a worker restocks them. Whether they
 * shall may also be said later. Parameters: order; whether to restock; admin; why. Returns no row if the order was never paid.
 */
export const REFUND_SQL = `
  WITH sale AS (
    SELECT id FROM sales WHERE id = (SELECT sale_id FROM orders WHERE id = $1) FOR KEY SHARE -- it is not being archived
  ), changed AS (
    UPDATE orders SET status = 'refunded', ended_at = coalesce(ended_at, clock_timestamp()), restock = restock OR $2
    FROM sale
    WHERE orders.id = $1 AND orders.sale_id = sale.id AND (status = 'paid' OR status = 'refunded' AND $2 AND NOT restock)
    RETURNING orders.id, orders.sale_id
  ), money AS (
    UPDATE payments SET status = 'refunding' FROM changed
    WHERE payments.order_id = changed.id AND payments.status = 'charged'
    RETURNING payments.id, payments.order_id
  ), recorded AS (
    INSERT INTO outbox (kind, order_ids) SELECT 'refunded', ARRAY[order_id] FROM money
  ), told AS (
    INSERT INTO admin_actions (sale_id, order_id, admin, action, details)
    SELECT sale_id, id, $3, 'refund', jsonb_strip_nulls(jsonb_build_object('restock', $2::boolean, 'reason', $4::text)) FROM changed
  )
  SELECT (SELECT id FROM money) AS "paymentId" FROM orders, sale WHERE orders.id = $1 AND status IN ('paid', 'refunded')`;
