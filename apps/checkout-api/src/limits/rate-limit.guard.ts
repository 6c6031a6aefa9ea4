import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { buyerId } from '../buyers/buyer-id.js';
import { callerOf } from '../buyers/caller.js';
import { ProblemError } from '../http/problems/problem.js';
import { Addresses } from './addresses.js';
import { ReadPace } from './read-pace.js';
import { RateLimits, type Counted, type LimitedKind, type Quota } from './rate-limits.js';

/** Names the limits of a controller. */
export const LimitedAs = Reflector.createDecorator<LimitedKind>();

/** Requests that only read are spaced, and not counted: a buyer may look again. */
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/**
 * Refuses requests beyond the limits of a buyer or an address, but never an admin's. The headers RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers) say what is left. Comes after BuyerGuard.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimits,
    private readonly pace: ReadPace,
    private readonly addresses: Addresses,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const caller = callerOf(request);
    if (caller.kind === 'admin') return true;
    const address = this.addresses.of(request);
    const kind = this.reflector.get(LimitedAs, context.getClass());
    if (SAFE_METHODS.has(request.method))
      return this.#paced(caller.kind === 'buyer' ? caller.buyerId : address);
    if (!this.limits.has(kind)) return true;
    const buyer = caller.kind === 'buyer' ? caller.buyerId : namedBuyer(request);
    const of = { buyer, address };
    const reply = http.getResponse<FastifyReply>();
    const usedUp = this.limits.usedUp(kind, of);
    return usedUp.length > 0 ? passes(usedUp, reply) : this.#counted(kind, of, reply);
  }

  async #paced(reader: string): Promise<boolean> {
    await this.pace.ofOrders(reader);
    return true;
  }

  async #counted(kind: LimitedKind, of: Counted, reply: FastifyReply): Promise<boolean> {
    return passes(await this.limits.count(kind, of), reply);
  }
}

/**
 * Says what is left.
 *
 * @throws {ProblemError} RATE_LIMITED
 */
function passes(quotas: readonly Quota[], reply: FastifyReply): boolean {
  void reply.headers(headersOf(quotas));
  const exceeded = quotas.filter((quota) => quota.exceeded);
  if (exceeded.length === 0) return true;
  const seconds = Math.max(...exceeded.map(({ resetSeconds }) => resetSeconds));
  const whose = exceeded.map(({ owner }) => `this ${owner}`).join(' and ');
  throw new ProblemError('RATE_LIMITED', `Too many requests of ${whose}; try again in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
    members: { 'violated-policies': exceeded.map(({ name }) => name) },
  });
}

/** If buyers are not authenticated, the request names its buyer. What is no name is refused later and counts for its address only. */
const namedBuyer = ({ body, query }: FastifyRequest) =>
  buyerId.safeParse(((body ?? query) as { buyerId?: unknown }).buyerId).data;

const headersOf = (quotas: readonly Quota[]) => ({
  'ratelimit-policy': quotas.map(({ policy }) => policy).join(', '),
  ratelimit: quotas
    .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
    .join(', '),
});
