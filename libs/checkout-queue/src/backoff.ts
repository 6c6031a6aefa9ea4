import type { JobsOptions } from 'bullmq';

/** First pause before a failed job is tried again, and the longest, in milliseconds. */
const BACKOFF = { first: 100, longest: 5_000 };

/** A job is never given up: it is tried again until it is done, however often its worker dies. */
export const NEVER_GIVEN_UP: JobsOptions = {
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  stackTraceLimit: 1,
};

/** Doubling pauses with jitter. */
export function backoffStrategy(attemptsMade: number): number {
  const pause = Math.min(BACKOFF.first * 2 ** Math.min(attemptsMade - 1, 10), BACKOFF.longest);
  return Math.round(pause * (0.5 + Math.random() / 2));
}
