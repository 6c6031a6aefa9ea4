// Buyers who arrive at a constant rate and insist, while the application and what it stands on fail and come back. Prints each
// accepted order, its buyer, the status he was answered with, when, and in how many milliseconds, for somebody who looks into the
// database afterwards; judges nothing but its own load. With WAIT buyers wait so many seconds for their outcome.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { createSale, requireReadyTarget } from './lib/api.ts';
import { insistOnOne, loadThresholds } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { summaryOf, summaryTrendStats } from './lib/summary.ts';

const sku = 'hot';
const rate = positive('RATE', 60);
/** Longest outage that costs no arrival, in seconds: whoever waits keeps a virtual user. */
const OUTAGE = positive('OUTAGE', 12);
const headers: Record<string, string> = __ENV.WAIT ? { Prefer: `wait=${__ENV.WAIT}` } : {};

export const options: Options = {
  scenarios: {
    buyers: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${positive('DURATION', 20)}s`,
      preAllocatedVUs: OUTAGE * rate,
    },
  },
  thresholds: loadThresholds,
  summaryTrendStats,
};

export function setup() {
  requireReadyTarget();
  return { saleId: createSale([{ sku, stock: positive('STOCK', 1_300) }]) };
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  const buyerId = `buyer-${scenario.iterationInTest}`;
  const accepted = insistOnOne(saleId, sku, buyerId, headers);
  if (!accepted) return;
  const { orderId, status, ms } = accepted;
  console.log(`${orderId} ${buyerId} ${status} ${Date.now()} ${ms}`);
}

export const handleSummary = summaryOf('outages');
