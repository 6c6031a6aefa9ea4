import { LockDriverUnknownError, LockError, LockLostError, LockWaitTimeoutError } from '@app/lock';
import { verdictOf, type Verdict } from '@app/servers';
import { SectionError } from './errors.js';

/** Nothing was settled and nothing is broken: the work only needs a new lease. */
const NEW_LEASE = [LockLostError, LockWaitTimeoutError];

/** What to do about an error of the work under a lock. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof SectionError) return error.verdict;
  if (!(error instanceof LockError)) return verdictOf(error);
  if (NEW_LEASE.some((kind) => error instanceof kind)) return 'repeat';
  return error instanceof LockDriverUnknownError ? 'denied' : 'not-now';
}

/** The database undid a batch because of some of its orders; the others may succeed without them. */
export const isAboutSome = (error: unknown): boolean => ['refused', 'defect'].includes(verdictOn(error));
