import { AssertionError } from 'node:assert';
import { ReplyError } from 'ioredis';
import pg from 'pg';
import { isCertificateError } from './certificate-error.js';
import { originOf } from './origin.js';
import { postgresVerdict } from './postgres-verdict.js';
import { redisVerdict } from './redis-verdict.js';
import { ServerUnusableError } from './server-unusable-error.js';
import type { Verdict } from './verdict.js';

/** Errors of the language rather than of a server. */
const DEFECTS = [TypeError, RangeError, ReferenceError, SyntaxError, AssertionError];

/** Judges the errors of Redis, Postgres and their clients. No other place does. */
export function verdictOf(error: unknown): Verdict {
  const cause = originOf(error);
  if (cause instanceof ReplyError) return redisVerdict(cause as Error);
  if (cause instanceof pg.DatabaseError) return postgresVerdict(cause);
  if (cause instanceof ServerUnusableError || isCertificateError(cause)) return 'denied';
  if (DEFECTS.some((kind) => cause instanceof kind)) return 'defect';
  // Any other error of a client means that no answer came: a lost connection, a time-out, a refused connect.
  return 'leave';
}

/** Whether a later try may succeed without anybody changing the request or the configuration. */
export const isPassing = (error: unknown): boolean =>
  ['repeat', 'leave', 'not-now'].includes(verdictOf(error));
