// Buyers who turn to another replica when theirs dies: kill one meanwhile. Prints the id of each accepted order, so that
// somebody can look whether it is there (k6's --console-output takes them to a file).
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { insistOnOne } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { sku, type Data } from './lib/lasting-sale.ts';
import { summaryOf } from './lib/summary.ts';

export const options: Options = {
  scenarios: {
    buyers: {
      executor: 'constant-vus',
      vus: positive('BUYERS', 32),
      duration: `${positive('DURATION', 10)}s`,
    },
  },
  ...judged,
};

export { teardown } from './lib/judged.ts';
export { setup } from './lib/lasting-sale.ts';

export default function ({ saleId }: Data) {
  const accepted = insistOnOne(saleId, sku, `buyer-${scenario.iterationInTest}`);
  if (accepted) console.log(accepted.orderId);
}

export const handleSummary = summaryOf('failover');
