import type { AdmissionRules } from '@app/checkout-queue';

/** The API's defaults, but for the bounds that a long queue would hit. The orders that enter are the first of their sale. */
export const UNBOUNDED: AdmissionRules = {
  idempotencyTtlSeconds: 86_400,
  maxBacklog: Number.MAX_SAFE_INTEGER,
  maxBacklogOfSale: Number.MAX_SAFE_INTEGER,
  lookUp: (orders) => Promise.resolve(orders.map(() => 'first')),
  lookAtStock: () => Promise.reject(new Error('nothing is counted')),
};
