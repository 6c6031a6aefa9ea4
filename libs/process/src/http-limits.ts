/** In milliseconds: how often Node looks for requests that take too long. */
const LOOK_MS = 1_000;
/** In milliseconds: a connection is closed when nothing was sent on it, or taken from it, for so long. Above the longest wait of a client. */
const SILENCE_MS = 75_000;
/** In milliseconds: how long a connection is kept for the next request. Above the idle time of load balancers, often a minute. */
const KEEP_MS = 72_000;
/** In milliseconds: how long a request may take to arrive as a whole. */
const REQUEST_MS = 15_000;

/** Options of Fastify, which by itself waits for ever for the rest of a request. */
export const httpLimits = (requestTimeout = REQUEST_MS) => ({
  requestTimeout,
  connectionTimeout: SILENCE_MS,
  keepAliveTimeout: KEEP_MS,
  http: { headersTimeout: requestTimeout, requestTimeout, connectionsCheckingInterval: LOOK_MS },
});
