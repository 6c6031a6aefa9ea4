import { ORDER_COLUMNS, ORDER_PRICES } from './order-sql.js';

/** Which orders are listed, and from where on. */
export interface Wanted {
  readonly saleId?: string;
  readonly buyerId?: string;
  readonly statuses: readonly string[];
  /** Accepted then or later, and before that; in the words of Postgres. */
  readonly from: string;
  readonly to: string;
  /** Where the page before it ended: time of acceptance, in the words of Postgres, and order. */
  readonly after?: { readonly acceptedAt: string; readonly orderId: string };
  readonly limit: number;
}

const TAIL = 'ORDER BY accepted_at DESC, id DESC';
const IS_WANTED = `accepted_at >= $2::timestamptz AND accepted_at < $3::timestamptz
  AND (accepted_at, id) < ($4::timestamptz, $5::uuid)`;
const dayOf = (time: string) => `(${time} AT TIME ZONE 'UTC')::date`;

// The index has them by time for each status; of each so many are merged.
const OF_SALE = `
  SELECT found.* FROM unnest($1::text[]) AS wanted (status), LATERAL (
    SELECT * FROM orders WHERE sale_id = $7::uuid AND orders.status = wanted.status AND $8::text IS NULL AND ${IS_WANTED}
    ${TAIL} LIMIT $6
  ) AS found ${TAIL} LIMIT $6`;
const OF_BUYER_IN_SALE = `
  SELECT * FROM orders WHERE sale_id = $7::uuid AND buyer_id = $8 AND status = ANY ($1::text[]) AND ${IS_WANTED} ${TAIL} LIMIT $6`;
// The index has buyers by day: each day is looked up for itself, which LIMIT keeps the planner from doing otherwise. Of an archived sale rows
// may be left.
const OF_BUYER = `
  SELECT found.* FROM (SELECT min(${dayOf('accepted_at')}) AS first, max(${dayOf('accepted_at')}) AS last FROM orders) AS days,
    generate_series(0, last - first) AS n, LATERAL (
      SELECT * FROM orders WHERE ${dayOf('accepted_at')} = first + n AND buyer_id = $8 AND $7::uuid IS NULL
        AND status = ANY ($1::text[]) AND ${IS_WANTED} AND EXISTS (SELECT FROM sales WHERE sales.id = sale_id) ${TAIL} LIMIT $6
    ) AS found
  WHERE first + n BETWEEN ${dayOf('$2::timestamptz')} AND ${dayOf('least($3::timestamptz, $4::timestamptz)')} ${TAIL} LIMIT $6`;

/** Newest first. Whatever is asked for, an index has the rows by time, or there are few of them. */
export function listSql({ saleId, buyerId, statuses, from, to, after, limit }: Wanted) {
  const last = after ?? { acceptedAt: 'infinity', orderId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };
  const values = [statuses, from, to, last.acceptedAt, last.orderId, limit, saleId, buyerId];
  const ofBuyer = saleId === undefined ? OF_BUYER : OF_BUYER_IN_SALE;
  const text = `
    SELECT ${ORDER_COLUMNS}, price.price, buyer_id AS "buyerId", accepted_at::text AS "acceptedAtExactly"
    FROM (${buyerId === undefined ? OF_SALE : ofBuyer}) AS orders ${ORDER_PRICES} ${TAIL}`;
  return { text, values };
}
