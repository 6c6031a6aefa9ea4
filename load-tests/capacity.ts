// How many checkouts a second the whole stack takes: each buyer waits for the answer before the next one comes (closed
// model), and the stock lasts. Divide the orders by the time until the last one has ended.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { createSale, requireReadyTarget } from './lib/api.ts';
import { buyOne, loadThresholds } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { summaryOf, summaryTrendStats } from './lib/summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './lib/truth.ts';

const sku = 'plenty';

export const options: Options = {
  scenarios: {
    buyers: {
      executor: 'constant-vus',
      vus: positive('BUYERS', 32),
      duration: `${positive('DURATION', 5)}s`,
    },
  },
  thresholds: { ...loadThresholds, ...truthThresholds },
  summaryTrendStats,
  teardownTimeout,
};

export function setup() {
  requireReadyTarget();
  return { saleId: createSale([{ sku, stock: 1_000_000 }]) };
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  buyOne(saleId, sku, scenario.name, scenario.iterationInTest);
}

export function teardown({ saleId }: ReturnType<typeof setup>) {
  recordTruth(saleId);
}

export const handleSummary = summaryOf('capacity');
