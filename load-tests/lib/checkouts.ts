import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { postCheckout } from './api.ts';

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
  const buyerId = `buyer-${buyer}-${n}`;
  const response = postCheckout(
    n,
    saleId,
    { sku, quantity: 1, buyerId },
    { 'Idempotency-Key': `${saleId}-${buyerId}` },
  );
  requests.add(1);
  duration.add(response.timings.duration);
  if (response.status === 202) accepted.add(1);
  else if (response.status === 409 && response.json('code') === 'SOLD_OUT') soldOut.add(1);
  else reportUnexpected(`${response.status} ${response.error || response.body}`);
}

let reported = false;

/** Counts every unexpected answer, and prints the first one that each virtual user gets. */
function reportUnexpected(answer: string): void {
  unexpected.add(1);
  if (!reported) console.error(`Unexpected answer to a checkout: ${answer}`);
  reported = true;
}
