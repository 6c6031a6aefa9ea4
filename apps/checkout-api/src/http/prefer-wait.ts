import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Longest wait for the outcome, in seconds. */
const MAX_WAIT = 30;

/** Seconds that `Prefer: wait=N` (RFC 7240) asks for, at most 30; 0 without it. What cannot be understood is ignored. */
export function preferredWait(prefer: string | readonly string[] = ''): number {
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(String(prefer)) ?? [];
  return Math.min(Number(seconds ?? 0), MAX_WAIT);
}

export const PreferWait = createParamDecorator((_: unknown, context: ExecutionContext): number =>
  preferredWait(context.switchToHttp().getRequest<FastifyRequest>().headers.prefer),
);

/** Aborts when the client is gone. Fastify's own `request.signal` does not once the body has been read. */
export function whenGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (raw.destroyed) gone.abort();
  raw.once('close', () => gone.abort());
  return gone.signal;
}
