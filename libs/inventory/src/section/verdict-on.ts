import { LockDriverUnknownError, LockError, LockLostError, LockWaitTimeoutError } from '@app/lock';
import { verdictOf, type Verdict } from '@app/servers';
import { SectionError } from './errors.js';

/** Nothing was settled and nothing is broken: a new lease is all it takes. */
const NEW_LEASE = [LockLostError, LockWaitTimeoutError];

/** What to do about anything that the work under a lock rejects with. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof SectionError) return error.verdict;
  if (!(error instanceof LockError)) return verdictOf(error);
  if (NEW_LEASE.some((kind) => error instanceof kind)) return 'repeat';
  return error instanceof LockDriverUnknownError ? 'denied' : 'not-now';
}

/** The database undid the work because of some of what it was done for; the rest may succeed without that. */
export const isAboutSome = (error: unknown): boolean => ['refused', 'defect'].includes(verdictOn(error));
