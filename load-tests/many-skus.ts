// The same stampede spread over 64 SKUs: what the locks cost when few buyers want the same thing.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { buy, openSale } from './lib/any-shop.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { summaryOf } from './lib/summary.ts';
import { vusFor } from './lib/vus.ts';

const stock = positive('STOCK', 20);
const rate = positive('RATE', 150);
const duration = positive('DURATION', 20);

const skus = Array.from({ length: 64 }, (_, n) => `sku-${n}`);

export const options: Options = {
  scenarios: {
    base: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${duration}s`,
      preAllocatedVUs: vusFor(rate),
    },
  },
  ...judged,
};

export function setup() {
  return openSale(skus.map((sku) => ({ sku, stock })));
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  const n = scenario.iterationInTest;
  buy(saleId, skus[n % skus.length]!, scenario.name, n);
}

export { teardown } from './lib/judged.ts';

export const handleSummary = summaryOf('many-skus');
