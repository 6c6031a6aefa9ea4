import { isPassing, verdictOf } from '@app/servers';
import { ProblemError } from './problem.js';

const RETRY_LATER = { 'retry-after': '1' };

/**
 * The result of a call to Redis. Where it asks another server as well, that one's problem stays what it is.
 *
 * @throws {ProblemError} REDIS_UNAVAILABLE when Redis cannot be reached or cannot serve
 */
export async function fromRedis<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ProblemError || !isUnavailable(error)) throw error;
    throw new ProblemError(
      'REDIS_UNAVAILABLE',
      'Try again in a moment; a checkout with the same Idempotency-Key.',
      {
        headers: RETRY_LATER,
        cause: error,
      },
    );
  }
}

/**
 * The result of a call to Postgres.
 *
 * @throws {ProblemError} POSTGRES_UNAVAILABLE when Postgres cannot be reached or cannot serve
 */
export async function fromPostgres<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    throw new ProblemError('POSTGRES_UNAVAILABLE', 'Try again in a moment.', {
      headers: RETRY_LATER,
      cause: error,
    });
  }
}

/** Neither the request nor this process is to blame: the server is away, cannot serve, or does not want this client now. */
const isUnavailable = (error: unknown) => isPassing(error) || verdictOf(error) === 'denied';
