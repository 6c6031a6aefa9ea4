import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from './problems/problem.js';

export const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** The Idempotency-Key header of the request. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const key = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  if (key === undefined || key === '') {
    const detail =
      'Send an Idempotency-Key header: a new one per checkout, and the same one when you try it again.';
    throw new ProblemError('IDEMPOTENCY_KEY_MISSING', detail);
  }
  if (typeof key !== 'string' || !VISIBLE.test(key)) {
    throw new ProblemError(
      'IDEMPOTENCY_KEY_INVALID',
      'Use 1 to 255 visible ASCII characters, for example a UUID.',
    );
  }
  return key;
});
