// The whole way of a buyer: arrive, wait to be let in, reserve, and pay, walk away, or be declined. What is not paid is sold again.
// While demand lasts, in the end every unit is paid and none is held.
import { scenario } from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import type { Options } from 'k6/options';
import { createSale, postPayment, requireReadyTarget } from './lib/api.ts';
import { reserveOne } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { summaryOf } from './lib/summary.ts';
import { isOver, recordTruth } from './lib/truth.ts';
import { vusFor } from './lib/vus.ts';
import { leaveRoom, waitForPlace } from './lib/waiting-room.ts';

const stock = positive('STOCK', 500);
const rate = positive('RATE', 100);
const duration = positive('DURATION', 30);
/** Short against the load, so that what walks away comes back several times while there is demand. */
const reservationTtlSeconds = positive('TTL', 2);
/** Who walks away keeps a place until its time is up. */
const waitingRoom = {
  places: positive('PLACES', Math.ceil(1.5 * rate)),
  placeTtlSeconds: positive('PLACE_TTL', 5),
};
/** Seconds that the first ones come too early, and wait. */
const START = 1;

/** Of ten buyers who have a reservation. The others pay. */
const WALK_AWAY = 2;
const DECLINED = 1;

const paid = new Counter('journeys_paid');
const declined = new Counter('journeys_declined');
const walkedAway = new Counter('journeys_walked_away');
const unexpected = new Counter('payments_unexpected');

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 402, 409));

export const options: Options = {
  scenarios: {
    buyers: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${duration}s`,
      preAllocatedVUs: Math.min(2000, vusFor(rate) + 3 * rate), // whoever waits is one
    },
  },
  ...judged,
  thresholds: {
    ...judged.thresholds,
    journeys_waited: ['count>0'],
    payments_unexpected: ['count==0'],
    journeys_declined: ['count>0'],
    journeys_walked_away: ['count>0'],
    audit_held: ['value==0'],
    audit_sold: [`value==${stock}`],
  },
};

const sku = 'hot';

export function setup() {
  requireReadyTarget();
  const startsAt = new Date(Date.now() + START * 1000).toISOString();
  return { saleId: createSale([{ sku, stock }], { reservationTtlSeconds, waitingRoom, startsAt }) };
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  const n = scenario.iterationInTest;
  const buyer = `buyer-${scenario.name}-${n}`;
  if (!waitForPlace(saleId, buyer, n)) return;
  const orderId = reserveOne(saleId, sku, buyer, n);
  if (!orderId) return leaveRoom(saleId, buyer, n);
  const dice = Math.floor(Math.random() * 10);
  if (dice < WALK_AWAY) walkedAway.add(1);
  else if (dice < WALK_AWAY + DECLINED) {
    expectPayment(n, orderId, 'tok_declined', 402, declined);
    leaveRoom(saleId, buyer, n);
  } else expectPayment(n, orderId, 'tok_visa', 200, paid);
}

function expectPayment(n: number, orderId: string, token: string, status: number, counter: Counter) {
  const response = postPayment(n, orderId, token);
  if (response.status === status) {
    counter.add(1);
    return;
  }
  unexpected.add(1);
  console.error(`Unexpected answer to a payment: ${response.status} ${response.error || response.body}`);
}

export function teardown({ saleId }: ReturnType<typeof setup>) {
  recordTruth(saleId, isOver);
}

export const handleSummary = summaryOf('full-journey');
