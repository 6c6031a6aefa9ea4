import type { Sale } from '@app/inventory';
import { ProblemError } from '../http/problems/problem.js';

/** Says that the sale is over at that moment, if it is. */
export function endingOf({ endsAt }: Sale, at: number): ProblemError | undefined {
  if (!endsAt || at < endsAt.getTime()) return undefined;
  return new ProblemError('SALE_ENDED', `It ended at ${endsAt.toISOString()}.`);
}

/** Says why a sale takes no new checkout at that moment, if it takes none. What is queued is settled all the same. */
export function closureOf(sale: Sale, at: number): ProblemError | undefined {
  const paused = sale.pausedAt
    ? new ProblemError('SALE_PAUSED', 'Try again in a few seconds, with the same Idempotency-Key.')
    : undefined;
  return endingOf(sale, at) ?? paused;
}

export const SALE_STATES = ['scheduled', 'open', 'paused', 'ended'] as const;

export function stateOf(sale: Sale, at: number): (typeof SALE_STATES)[number] {
  if (endingOf(sale, at)) return 'ended';
  if (sale.pausedAt) return 'paused';
  return sale.startsAt && at < sale.startsAt.getTime() ? 'scheduled' : 'open';
}
