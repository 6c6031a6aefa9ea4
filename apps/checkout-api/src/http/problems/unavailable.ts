import { isPassing, ThinnedLog, verdictOf } from '@app/servers';
import { Logger } from '@nestjs/common';
import { ProblemError } from './problem.js';

const RETRY_LATER = { 'retry-after': '1' };
const log = new ThinnedLog(new Logger('Unavailable'));

/**
 * The result of a call to Redis. A ProblemError of another server passes as it is.
 *
 * @throws {ProblemError} REDIS_UNAVAILABLE when Redis cannot be reached or cannot serve
 */
export const fromRedis = <T>(call: Promise<T>): Promise<T> =>
  from(call, 'REDIS_UNAVAILABLE', 'Try again in a moment; a checkout with the same Idempotency-Key.');

/** The order is in the queue and would be lost if Redis failed over now: it is not accepted. */
export const notReplicated = () =>
  new ProblemError('NOT_REPLICATED', 'Try again in a moment, with the same Idempotency-Key.', {
    headers: RETRY_LATER,
  });

/**
 * The result of a call to Postgres.
 *
 * @throws {ProblemError} POSTGRES_UNAVAILABLE when Postgres cannot be reached or cannot serve
 */
export const fromPostgres = <T>(call: Promise<T>): Promise<T> =>
  from(call, 'POSTGRES_UNAVAILABLE', 'Try again in a moment.');

async function from<T>(
  call: Promise<T>,
  code: 'REDIS_UNAVAILABLE' | 'POSTGRES_UNAVAILABLE',
  detail: string,
): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ProblemError || !isUnavailable(error)) throw error;
    log.warn(error, code);
    throw new ProblemError(code, detail, { headers: RETRY_LATER, cause: error });
  }
}

/** The server is away, cannot serve, or does not want this client: neither the request nor this process is to blame. */
const isUnavailable = (error: unknown) => isPassing(error) || verdictOf(error) === 'denied';
