// Buyers at a constant rate who want one unit in each of some sales that are there already: what the dashboard starts.
import { test, scenario } from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { apiUrl, requireReadyTarget } from './lib/api.ts';
import { buyOne } from './lib/checkouts.ts';
import { positive, required } from './lib/config.ts';
import { vusFor } from './lib/vus.ts';

const saleIds = required('SALE_IDS').split(',');
const rate = positive('RATE', 100);

export const options: Options = {
  scenarios: {
    base: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${positive('DURATION', 20)}s`,
      preAllocatedVUs: vusFor(rate),
      gracefulStop: '2s',
    },
  },
};

export function setup() {
  requireReadyTarget();
  // A second load on the same sales brings other buyers.
  return {
    crowd: Date.now().toString(36),
    sales: saleIds.map((saleId) => ({ saleId, sku: firstSkuOf(saleId) })),
  };
}

export default function ({ crowd, sales }: ReturnType<typeof setup>) {
  const n = scenario.iterationInTest;
  for (const { saleId, sku } of sales) buyOne(saleId, sku, crowd, n);
}

interface SummaryData {
  metrics: Record<string, { values: { count: number } } | undefined>;
}

/** One line for the program that started it. */
export function handleSummary({ metrics }: SummaryData) {
  const count = (metric: string) => metrics[metric]?.values.count ?? 0;
  const [requests, unexpected, dropped] = ['checkouts', 'checkouts_unexpected', 'dropped_iterations'].map(
    count,
  );
  return { stdout: `${JSON.stringify({ requests, unexpected, dropped })}\n` };
}

function firstSkuOf(saleId: string): string {
  const response = http.get(`${apiUrl(0)}/sales/${saleId}`, { responseType: 'text' });
  if (response.status !== 200) test.abort(`The sale ${saleId} cannot be read: ${response.status}`);
  return response.json('items.0.sku') as string;
}
