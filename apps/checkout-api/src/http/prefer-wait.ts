import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** In seconds: the longest wait for an outcome. */
const MAX_WAIT = 30;

/** The seconds of `Prefer: wait=N` (RFC 7240), at most 30; 0 without it, or if it cannot be understood. */
export function preferredWait(prefer: string | readonly string[] = ''): number {
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(String(prefer)) ?? [];
  return Math.min(Number(seconds ?? 0), MAX_WAIT);
}

/** Documents the header. `outcome` says for how long it waits, and for what. */
export const ApiPreferWait = (outcome: string) =>
  ApiHeader({
    name: 'Prefer',
    required: false,
    description: `RFC 7240: wait up to N seconds, at most ${MAX_WAIT}, ${outcome}`,
    schema: { type: 'string', example: 'wait=5' },
  });

export const PreferWait = createParamDecorator((_: unknown, context: ExecutionContext): number =>
  preferredWait(context.switchToHttp().getRequest<FastifyRequest>().headers.prefer),
);

/** A reason, since Node makes an error with a stack for an abort without one, and every answer ends with an abort. */
const GONE = 'the client is gone';

/** Aborts when the client is gone. Fastify's own `request.signal` fails to, once the body has been read. */
export function whenGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (raw.destroyed) gone.abort(GONE);
  raw.once('close', () => gone.abort(GONE));
  return gone.signal;
}
