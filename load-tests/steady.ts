// A constant arrival rate (open model) of a SKU that lasts: how long an order takes at a load below the capacity.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { createSale, requireReadyTarget } from './lib/api.ts';
import { buyOne, loadThresholds } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { summaryOf, summaryTrendStats } from './lib/summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './lib/truth.ts';
import { vusFor } from './lib/vus.ts';

const rate = positive('RATE', 100);
const sku = 'plenty';

export const options: Options = {
  scenarios: {
    base: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${positive('DURATION', 20)}s`,
      preAllocatedVUs: vusFor(rate),
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

export const handleSummary = summaryOf('steady');
