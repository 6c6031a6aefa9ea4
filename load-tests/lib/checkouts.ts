import { sleep } from 'k6';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { postCheckout, type TextResponse } from './api.ts';

const requests = new Counter('checkouts');
const accepted = new Counter('checkouts_accepted');
const soldOut = new Counter('checkouts_sold_out');
const refused = new Counter('checkouts_refused');
const unexpected = new Counter('checkouts_unexpected');
const duration = new Trend('checkout_duration', true);

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 409));

/** The load itself has to arrive: every request sent, unless DROPPED=any, and every answer one of the two a buyer may get. */
export const loadThresholds: Record<string, string[]> = {
  checkouts_unexpected: ['count==0'],
  ...(__ENV.DROPPED !== 'any' && { dropped_iterations: ['count==0'] }),
};

/** One buyer who has never bought before asks for one unit. Answers that `mayRefuse` knows are no surprise. */
export function buyOne(
  saleId: string,
  sku: string,
  buyer: string,
  n: number,
  mayRefuse: (response: TextResponse) => boolean = () => false,
): void {
  const response = ask(saleId, sku, `buyer-${buyer}-${n}`, n);
  if (response.status === 202) note(response, 'accepted');
  else if (isSoldOut(response)) note(response, 'sold out');
  else note(response, mayRefuse(response) ? 'busy' : undefined);
}

/** Counts a checkout by what the buyer was told; undefined if it is nothing that a buyer should see. */
export function note(response: TextResponse, told: 'accepted' | 'sold out' | 'busy' | undefined): void {
  requests.add(1);
  duration.add(response.timings.duration);
  if (told === 'accepted') accepted.add(1);
  else if (told === 'sold out') soldOut.add(1);
  else if (told === 'busy') refused.add(1);
  else reportUnexpected(`${response.status} ${response.error || response.body}`);
}

/** The same for a buyer who waits for the outcome. Returns the id of the order once it is reserved. */
export function reserveOne(
  saleId: string,
  sku: string,
  buyerId: string,
  n: number,
  headers: Record<string, string> = {},
): string | undefined {
  const response = ask(saleId, sku, buyerId, n, { Prefer: 'wait=10', ...headers });
  requests.add(1);
  duration.add(response.timings.duration);
  if (response.status === 201) {
    accepted.add(1);
    return response.json('orderId') as string;
  }
  if (isSoldOut(response)) soldOut.add(1);
  else reportUnexpected(`${response.status} ${response.error || response.body}`);
  return undefined;
}

/** The replica that this virtual user turns to, until it does not answer. */
let replica = __VU;
/** Longer than anything is down that comes back, in seconds; shorter than k6 lets a buyer go on after the load. */
const PATIENCE = 25;
/** How long he waits for an answer before he tries elsewhere. */
const ANSWER_TIMEOUT = '5s';
/** Between two tries, in seconds: doubled each time. */
const PAUSE = { first: 0.05, longest: 0.8 };

/** An order that a buyer was promised. */
export interface Accepted {
  readonly orderId: string;
  /** 202, or 201 for who waited until it was reserved. */
  readonly status: number;
  /** How long the answer took, in milliseconds. */
  readonly ms: number;
}

/** As above, but whoever gets no answer, or 503, tries again elsewhere with the same key. */
export function insistOnOne(
  saleId: string,
  sku: string,
  buyerId: string,
  headers: Record<string, string> = {},
): Accepted | undefined {
  requests.add(1);
  const givesUpAt = Date.now() + PATIENCE * 1000;
  for (let pause = PAUSE.first; ; pause = Math.min(2 * pause, PAUSE.longest)) {
    const response = ask(saleId, sku, buyerId, replica, headers, ANSWER_TIMEOUT);
    const { status, timings } = response;
    if (status === 202 || status === 201) {
      accepted.add(1);
      duration.add(timings.duration);
      return { orderId: response.json('orderId') as string, status, ms: Math.round(timings.duration) };
    }
    if (isSoldOut(response)) {
      soldOut.add(1);
      return undefined;
    }
    if ((status !== 0 && status !== 503) || Date.now() > givesUpAt) {
      reportUnexpected(`${status} ${response.error || response.body}`);
      return undefined;
    }
    replica++;
    sleep(pause);
  }
}

/** A buyer for whom nothing is left before there was a checkout. */
export function turnAway(): void {
  requests.add(1);
  soldOut.add(1);
}

export const isSoldOut = (response: TextResponse) =>
  response.status === 409 && response.json('code') === 'SOLD_OUT';

/** The queue is as long as it may be, and the buyer is told when to come back. */
export const isQueueFull = (response: TextResponse) =>
  response.status === 503 &&
  response.json('code') === 'QUEUE_FULL' &&
  Number(response.headers['Retry-After']) > 0;

function ask(
  saleId: string,
  sku: string,
  buyerId: string,
  n: number,
  headers: Record<string, string> = {},
  timeout?: string,
): TextResponse {
  const checkout = { sku, quantity: 1, buyerId };
  const key = { 'Idempotency-Key': `${saleId}-${buyerId}` };
  return postCheckout(n, saleId, checkout, { ...key, ...headers }, timeout);
}

let reported = false;

/** Counts every unexpected answer, and prints the first one that each virtual user gets. */
export function reportUnexpected(answer: string, to = 'a checkout'): void {
  unexpected.add(1);
  if (!reported) console.error(`Unexpected answer to ${to}: ${answer}`);
  reported = true;
}
