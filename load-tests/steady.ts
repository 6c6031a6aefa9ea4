// A constant arrival rate (open model) of a SKU that lasts: how long an order takes at a load below the capacity.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { buyOne } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { sku, type Data } from './lib/lasting-sale.ts';
import { summaryOf } from './lib/summary.ts';
import { vusFor } from './lib/vus.ts';

const rate = positive('RATE', 100);

export const options: Options = {
  scenarios: {
    base: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${positive('DURATION', 20)}s`,
      preAllocatedVUs: vusFor(rate),
    },
  },
  ...judged,
};

export { teardown } from './lib/judged.ts';
export { setup } from './lib/lasting-sale.ts';

export default function ({ saleId }: Data) {
  buyOne(saleId, sku, scenario.name, scenario.iterationInTest);
}

export const handleSummary = summaryOf('steady');
