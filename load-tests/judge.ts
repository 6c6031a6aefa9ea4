// Sends nothing: judges, by the audit, a sale that several runs have loaded, each with its share (RUNNERS). One verdict, however many.
import type { Options } from 'k6/options';
import { newestSale, requireReadyTarget } from './lib/api.ts';
import { required } from './lib/config.ts';
import { summaryOf } from './lib/summary.ts';
import { recordTruth, truthThresholds } from './lib/truth.ts';

export const options: Options = { thresholds: truthThresholds };

/** SALE_ID, or the newest sale called SALE_NAME. */
export function setup() {
  requireReadyTarget();
  return { saleId: __ENV.SALE_ID || newestSale(required('SALE_NAME', 'Which sale? Or set SALE_ID')) };
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  recordTruth(saleId);
}

export const handleSummary = summaryOf('judge');
