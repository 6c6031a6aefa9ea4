// One hot SKU under an open model: buyers arrive at a constant rate, and a stampede comes on top of it.
import { scenario } from 'k6/execution';
import type { Options } from 'k6/options';
import { createSale, requireReadyTarget } from './lib/api.ts';
import { buyOne, loadThresholds } from './lib/checkouts.ts';
import { positive } from './lib/config.ts';
import { summaryOf, summaryTrendStats } from './lib/summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './lib/truth.ts';
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
  thresholds: { ...loadThresholds, ...truthThresholds },
  summaryTrendStats,
  teardownTimeout,
};

export function setup() {
  requireReadyTarget();
  return { saleId: createSale([{ sku, stock }]) };
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  buyOne(saleId, sku, scenario.name, scenario.iterationInTest);
}

export function teardown({ saleId }: ReturnType<typeof setup>) {
  recordTruth(saleId);
}

export const handleSummary = summaryOf('flash-sale');
