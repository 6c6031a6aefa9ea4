// How many checkouts a second the whole stack takes: each buyer waits for the answer before the next one comes (closed
// model), and the stock lasts. Divide the orders by the time until the last one has ended.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { buyOne } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { sku, type Data } from './lib/lasting-sale.ts';
import { summaryOf } from './lib/summary.ts';

export const options: Options = {
  scenarios: {
    buyers: {
      executor: 'constant-vus',
      vus: positive('BUYERS', 32),
      duration: `${positive('DURATION', 5)}s`,
    },
  },
  ...judged,
};

export { teardown } from './lib/judged.ts';
export { setup } from './lib/lasting-sale.ts';

export default function ({ saleId }: Data) {
  buyOne(saleId, sku, scenario.name, scenario.iterationInTest);
}

export const handleSummary = summaryOf('capacity');
