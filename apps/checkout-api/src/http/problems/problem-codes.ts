interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** Every error this API answers with. A code never changes its meaning; clients match by it. */
export const PROBLEMS = {
  VALIDATION_FAILED: { status: 400, title: 'The request does not match the schema' },
  MALFORMED_JSON: { status: 400, title: 'The body is not valid JSON' },
  MALFORMED_REQUEST: { status: 400, title: 'The request is not valid HTTP' },
  IDEMPOTENCY_KEY_MISSING: { status: 400, title: 'The Idempotency-Key header is missing' },
  IDEMPOTENCY_KEY_INVALID: { status: 400, title: 'The Idempotency-Key header is not usable' },
  ADMIN_KEY_REQUIRED: { status: 401, title: 'The admin key is missing or wrong' },
  ADMIN_SCOPE_REQUIRED: { status: 403, title: 'The admin key may not do this' },
  BUYER_TOKEN_REQUIRED: {
    status: 401,
    title: 'The token that says who the buyer is is missing or not valid',
  },
  BUYER_MISMATCH: { status: 403, title: 'The request is for another buyer than the token' },
  NOT_ADMITTED: { status: 403, title: 'The sale has a waiting room, and this buyer has no place inside' },
  PAYMENT_DECLINED: { status: 402, title: 'The payment was declined' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  SALE_NOT_FOUND: { status: 404, title: 'There is no such sale' },
  SKU_NOT_FOUND: { status: 404, title: 'The sale does not have this SKU' },
  ORDER_NOT_FOUND: { status: 404, title: 'There is no such order' },
  DEAD_LETTER_NOT_FOUND: { status: 404, title: 'Nothing of this order was refused' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not answer this method' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time' },
  SALE_NOT_STARTED: { status: 409, title: 'The sale has not started' },
  NO_WAITING_ROOM: { status: 409, title: 'The sale has no waiting room' },
  SALE_ENDED: { status: 409, title: 'The sale has ended' },
  SOLD_OUT: { status: 409, title: 'Sold out' },
  INSUFFICIENT_STOCK: { status: 409, title: 'Less is left than the order asks for' },
  BUYER_LIMIT_EXCEEDED: { status: 409, title: 'More than one buyer may hold in this sale' },
  ORDER_NOT_PAYABLE: { status: 409, title: 'The order cannot be paid' },
  ORDER_NOT_CANCELLABLE: { status: 409, title: 'The order cannot be cancelled' },
  PAYMENT_IN_PROGRESS: { status: 409, title: 'Another payment of the order is not finished' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  URL_TOO_LONG: { status: 414, title: 'The URL is too long' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body must be application/json' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The Idempotency-Key came with another body before' },
  UNPROCESSABLE: { status: 422, title: 'The order cannot be processed as it is' },
  STRATEGY_UNKNOWN: { status: 422, title: 'There is no such strategy' },
  STRATEGY_UNSAFE: { status: 422, title: 'The strategy oversells and is not allowed here' },
  STRATEGY_UNAVAILABLE: { status: 422, title: 'The strategy locks on a server that is not configured here' },
  RATE_LIMITED: { status: 429, title: 'More requests than allowed' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  INTERNAL: { status: 500, title: 'Something went wrong on this side' },
  QUEUE_FULL: { status: 503, title: 'More checkouts wait than can be settled in time' },
  PAYMENT_UNKNOWN: { status: 503, title: 'The payment provider did not answer in time' },
  READS_OVERLOADED: { status: 503, title: 'More is read than this replica serves beside its orders' },
  REDIS_UNAVAILABLE: { status: 503, title: 'Redis does not answer' },
  POSTGRES_UNAVAILABLE: { status: 503, title: 'Postgres does not answer' },
  LOCK_STORE_UNAVAILABLE: { status: 503, title: 'The server that the strategy locks on does not answer' },
  BUYER_KEYS_UNAVAILABLE: { status: 503, title: 'The keys that verify tokens cannot be had' },
  NOT_READY: { status: 503, title: 'Something this API needs is down' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
