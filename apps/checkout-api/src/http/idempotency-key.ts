import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from './problems/problem.js';

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** Documents the header. */
export const ApiIdempotencyKey = ({ required = true } = {}) =>
  ApiHeader({
    name: 'Idempotency-Key',
    required,
    schema: { type: 'string', pattern: VISIBLE.source, example: '5d7d1d8c-93b6-4f0a-8c53-2a2a76a2b0a4' },
  });

/** The Idempotency-Key header of the request, which has to be there. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key'];
  if (key) return usable(key);
  const detail =
    'Send an Idempotency-Key header: a new one per checkout, and the same one when you try it again.';
  throw new ProblemError('IDEMPOTENCY_KEY_MISSING', detail);
}

export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  idempotencyKeyOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The same where it may be left out. */
export const OptionalIdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const key = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  return key === undefined ? undefined : usable(key);
});

function usable(key: string | string[]): string {
  if (typeof key === 'string' && VISIBLE.test(key)) return key;
  throw new ProblemError(
    'IDEMPOTENCY_KEY_INVALID',
    'Use 1 to 255 visible ASCII characters, for example a UUID.',
  );
}

/** It came with another request of this kind before. */
export const keyReused = (kind: 'checkout' | 'sale') =>
  new ProblemError(
    'IDEMPOTENCY_KEY_REUSED',
    `Repeat the first body, or send a new Idempotency-Key for a new ${kind}.`,
  );
