import type { FastifyInstance } from 'fastify';
import type { Addresses } from './addresses.js';
import { Pace } from './pace.js';

/** In milliseconds: how long a refusal takes at most. */
const MOST_MS = 1_000;
/** Refusals that wait; any beyond goes at once. */
const MOST_WAITING = 2_000;

/** What a client can ask for without end, by requests that cost it nothing. Answers about an order or a sale are none of these. */
const REFUSALS = new Set([400, 401, 403, 404, 405, 413, 414, 415, 429]);

/** Of those that are due later still. Not the same for all: clients that loop would come back together, again and again. */
const longest = () => (MOST_MS * (1 + Math.random())) / 2;

/**
 * Refusals of an address that come faster than so many per second wait: a client that loops is then one that waits, and not one that
 * takes the time of others.
 */
export function slowRefusals(fastify: FastifyInstance, addresses: Addresses, perSecond: number): void {
  if (perSecond === 0) return;
  const pace = new Pace(perSecond);
  let waiting = 0;
  fastify.addHook('onSend', (request, { statusCode }, payload, done) => {
    const isRefused = REFUSALS.has(statusCode) && waiting < MOST_WAITING;
    const dueInMs = isRefused ? pace.take(addresses.of(request), 1, MOST_MS) : 0;
    if (dueInMs < 1) return done(null, payload);
    waiting++;
    const goesOn = () => {
      waiting--;
      done(null, payload);
    };
    setTimeout(goesOn, Number.isFinite(dueInMs) ? dueInMs : longest());
  });
}
