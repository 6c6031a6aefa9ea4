import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../buyers/caller.js';
import { ProblemError } from '../problems/problem.js';
import { RateLimits, type Quota } from './rate-limits.js';

/**
 * Refuses a request beyond what its buyer or its address may send. Tells what is left by the headers RateLimit and
 * RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10). Comes after BuyerGuard; an admin is not limited.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const caller = callerOf(request);
    if (caller.kind === 'admin') return true;
    const buyer = caller.kind === 'buyer' ? caller.buyerId : namedBuyer(request.body);
    const quotas = await this.limits.count({ buyer, address: request.ip });
    if (quotas.length === 0) return true;
    void http.getResponse<FastifyReply>().headers(headersOf(quotas));
    const exceeded = quotas.filter((quota) => quota.exceeded);
    if (exceeded.length === 0) return true;
    const seconds = Math.max(...exceeded.map(({ resetSeconds }) => resetSeconds));
    const whose = exceeded.map(({ name }) => `this ${name}`).join(' and ');
    throw new ProblemError('RATE_LIMITED', `Too many requests of ${whose}; try again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}

/** Where buyers are not authenticated, the checkout names its buyer. */
const namedBuyer = (body: unknown) => {
  const { buyerId } = (body ?? {}) as { buyerId?: unknown };
  return typeof buyerId === 'string' ? buyerId : undefined;
};

const headersOf = (quotas: readonly Quota[]) => ({
  'ratelimit-policy': quotas
    .map(({ name, limit, windowSeconds }) => `"${name}";q=${limit};w=${windowSeconds}`)
    .join(', '),
  ratelimit: quotas
    .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
    .join(', '),
});
