// One hot SKU under an open model: buyers arrive at a constant rate, and a stampede comes on top of it.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { buy, openSale } from './lib/any-shop.ts';
import { positive } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { summaryOf } from './lib/summary.ts';
import { vusFor } from './lib/vus.ts';

const stock = positive('STOCK', 500);
const rate = positive('RATE', 100);
const duration = positive('DURATION', 20);
const spikeRate = positive('SPIKE_RATE', 2 * rate);
const spikeStart = positive('SPIKE_START', Math.ceil(duration / 5));
const spikeDuration = positive('SPIKE_DURATION', Math.ceil(duration / 4));

const sku = 'hot';

export const options: Options = {
  scenarios: {
    base: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${duration}s`,
      preAllocatedVUs: vusFor(rate),
    },
    spike: {
      executor: 'ramping-arrival-rate',
      startTime: `${spikeStart}s`,
      preAllocatedVUs: vusFor(spikeRate),
      stages: [
        { duration: '1s', target: spikeRate },
        { duration: `${spikeDuration}s`, target: spikeRate },
        { duration: '1s', target: 0 },
      ],
    },
  },
  ...judged,
};

export function setup() {
  return openSale([{ sku, stock }]);
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  buy(saleId, sku, scenario.name, scenario.iterationInTest);
}

export { teardown } from './lib/judged.ts';

export const handleSummary = summaryOf('flash-sale');
