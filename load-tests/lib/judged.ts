import { reportSold, target } from './any-shop.ts';
import { loadThresholds } from './checkouts.ts';
import { config } from './config.ts';
import { summaryTrendStats } from './summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './truth.ts';

const { runner, runners } = config;
const isAlone = runners === 1;
const hasAudit = isAlone && !target;

/** k6 divides rates, virtual users and the numbers of buyers by these, so that all runners together are one run. */
const share = {
  executionSegment: `${runner}/${runners}:${runner + 1}/${runners}`,
  executionSegmentSequence: Array.from({ length: runners + 1 }, (_, n) => `${n}/${runners}`).join(),
};

/** Options of every test that the audit of its sale judges; the scenarios are its own. One of several leaves that to `judge`, one
 * for another shop to whoever started it. */
export const judged = {
  ...(!isAlone && share),
  thresholds: { ...loadThresholds, ...(hasAudit && truthThresholds) },
  summaryTrendStats,
  teardownTimeout,
};

export function teardown({ saleId }: { saleId: string }) {
  if (target) reportSold(target, saleId);
  else if (isAlone) recordTruth(saleId);
}
