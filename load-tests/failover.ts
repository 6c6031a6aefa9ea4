// Buyers who turn to another replica when theirs dies: kill one meanwhile. Prints the id of each accepted order, so that
// somebody can look whether it is there (k6's --console-output takes them to a file).
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { createSale, requireReadyTarget } from './lib/api.ts';
import { insistOnOne, loadThresholds } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { summaryOf, summaryTrendStats } from './lib/summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './lib/truth.ts';

const sku = 'plenty';

export const options: Options = {
  scenarios: {
    buyers: {
      executor: 'constant-vus',
      vus: positive('BUYERS', 32),
      duration: `${positive('DURATION', 10)}s`,
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
  const orderId = insistOnOne(saleId, sku, scenario.name, scenario.iterationInTest);
  if (orderId) console.log(orderId);
}

export function teardown({ saleId }: ReturnType<typeof setup>) {
  recordTruth(saleId);
}

export const handleSummary = summaryOf('failover');
