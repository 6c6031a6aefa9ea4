// Far more arrivals than the workers settle. The queue fills up to its bound; from then on the API takes as much as leaves the
// queue and refuses the rest at once. Whatever it accepted has to end, and to sell exactly what is there.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { buyOne, isQueueFull } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { sku, type Data } from './lib/lasting-sale.ts';
import { summaryOf } from './lib/summary.ts';
import { vusFor } from './lib/vus.ts';

/** Arrivals a second: several times what the workers settle. */
const rate = positive('RATE', 3_000);

export const options: Options = {
  scenarios: {
    stampede: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${positive('DURATION', 60)}s`,
      preAllocatedVUs: vusFor(rate),
    },
  },
  ...judged,
  thresholds: { ...judged.thresholds, checkouts_refused: ['count>0'] }, // else it was no overload
};

export { teardown } from './lib/judged.ts';
export { setup } from './lib/lasting-sale.ts';

export default function ({ saleId }: Data) {
  buyOne(saleId, sku, scenario.name, scenario.iterationInTest, isQueueFull);
}

export const handleSummary = summaryOf('overload');
