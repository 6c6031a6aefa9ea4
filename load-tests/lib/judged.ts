import { loadThresholds } from './checkouts.ts';
import { summaryTrendStats } from './summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './truth.ts';

/** Options of every test that the audit of its sale judges; the scenarios are its own. */
export const judged = {
  thresholds: { ...loadThresholds, ...truthThresholds },
  summaryTrendStats,
  teardownTimeout,
};

export function teardown({ saleId }: { saleId: string }) {
  recordTruth(saleId);
}
