import { sleep } from 'k6';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { postCheckout, type TextResponse } from './api.ts';

const requests = new Counter('checkouts');
const accepted = new Counter('checkouts_accepted');
const soldOut = new Counter('checkouts_sold_out');
const unexpected = new Counter('checkouts_unexpected');
const duration = new Trend('checkout_duration', true);

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 409));

/** The load itself has to arrive: every request sent, and every answer one of the two a buyer may get. */
export const loadThresholds = {
  checkouts_unexpected: ['count==0'],
  dropped_iterations: ['count==0'],
};

/** One buyer who has never bought before asks for one unit. */
export function buyOne(saleId: string, sku: string, buyer: string, n: number): void {
  const response = ask(saleId, sku, `buyer-${buyer}-${n}`, n);
  requests.add(1);
  duration.add(response.timings.duration);
  if (response.status === 202) accepted.add(1);
  else if (response.status === 409 && response.json('code') === 'SOLD_OUT') soldOut.add(1);
  else reportUnexpected(`${response.status} ${response.error || response.body}`);
}

/** The replica that this virtual user turns to, until it does not answer. */
let replica = __VU;
const TRIES = 40;
const PAUSE_SECONDS = 0.05;

/** As above, but whoever gets no answer, or 503, tries again elsewhere with the same key. Returns the accepted order's id. */
export function insistOnOne(saleId: string, sku: string, buyer: string, n: number): string | undefined {
  requests.add(1);
  for (let tries = 1; ; tries++) {
    const response = ask(saleId, sku, `buyer-${buyer}-${n}`, replica);
    if (response.status === 202) {
      accepted.add(1);
      duration.add(response.timings.duration);
      return response.json('orderId') as string;
    }
    if ((response.status !== 0 && response.status !== 503) || tries === TRIES) {
      reportUnexpected(`${response.status} ${response.error || response.body}`);
      return undefined;
    }
    replica++;
    sleep(PAUSE_SECONDS);
  }
}

function ask(saleId: string, sku: string, buyerId: string, n: number): TextResponse {
  const checkout = { sku, quantity: 1, buyerId };
  return postCheckout(n, saleId, checkout, { 'Idempotency-Key': `${saleId}-${buyerId}` });
}

let reported = false;

/** Counts every unexpected answer, and prints the first one that each virtual user gets. */
function reportUnexpected(answer: string): void {
  unexpected.add(1);
  if (!reported) console.error(`Unexpected answer to a checkout: ${answer}`);
  reported = true;
}
