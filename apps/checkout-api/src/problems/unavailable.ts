import { ReplyError } from 'ioredis';
import pg from 'pg';
import { QueryFailedError, TypeORMError } from 'typeorm';
import { ProblemError } from './problem.js';

const RETRY_LATER = { 'retry-after': '1' };

/** The first word of a Redis error is its code. These say that the server cannot serve now, not that the command is wrong. */
const REDIS_NOT_NOW = new Set([
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'MISCONF',
  'OOM',
  'NOREPLICAS',
  'EXECABORT', // one of these, within a transaction
]);
/** SQLSTATE classes: connection exception, insufficient resources, operator intervention (shutdown, time-out). */
const POSTGRES_NOT_NOW = new Set(['08', '53', '57']);

/**
 * The result of a call to Redis.
 *
 * @throws {ProblemError} REDIS_UNAVAILABLE when Redis cannot be reached or cannot serve
 */
export async function fromRedis<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ReplyError && !REDIS_NOT_NOW.has(firstWord(error))) throw error;
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
    if (!isPostgresDown(error)) throw error;
    throw new ProblemError('POSTGRES_UNAVAILABLE', 'Try again in a moment.', {
      headers: RETRY_LATER,
      cause: error,
    });
  }
}

export function isPostgresDown(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (cause instanceof pg.DatabaseError) return POSTGRES_NOT_NOW.has(String(cause.code).slice(0, 2));
  // Whatever else the client rejects with, it got no answer from the server.
  return !(cause instanceof TypeORMError || cause instanceof TypeError);
}

const firstWord = (error: unknown) => (error as Error).message.split(' ', 1)[0]!;
