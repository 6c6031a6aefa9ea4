import type { ApiConfig } from '@app/config';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminKeys } from '../admin/admin-keys.js';
import { API_CONFIG } from '../core/tokens.js';
import { bearerOf } from '../http/authorization.js';
import { ProblemError } from '../http/problems/problem.js';
import { Addresses } from './addresses.js';
import { Pace } from './pace.js';

/** In milliseconds: the longest that a read waits for its turn. */
const PATIENCE_MS = 1_000;
/** A page of so many sales counts as one read. */
const SALES_PER_READ = 100;

const ALL = '';

/**
 * Spaces the reads of an address, and those of all, so that what else the process does goes between them. Whoever reads faster gets
 * slower answers: a client that loops is one that waits. An admin is never slowed down.
 */
@Injectable()
export class ReadPaceGuard implements CanActivate {
  readonly #ofAddress: Pace | undefined;
  readonly #ofAll: Pace | undefined;

  constructor(
    @Inject(API_CONFIG) config: ApiConfig,
    private readonly adminKeys: AdminKeys,
    private readonly addresses: Addresses,
  ) {
    const { READS_PER_SECOND_PER_ADDRESS: ofAddress, READS_PER_SECOND: ofAll } = config;
    this.#ofAddress = ofAddress > 0 ? new Pace(ofAddress) : undefined;
    this.#ofAll = ofAll > 0 ? new Pace(ofAll) : undefined;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Querystring: { limit?: string } }>>();
    if (this.adminKeys.find(bearerOf(request.headers.authorization))) return true;
    const units = Math.max(1, Math.min(Number(request.query.limit ?? 1), 1_000) / SALES_PER_READ) || 1;
    const own = this.#ofAddress?.take(this.addresses.of(request), units, PATIENCE_MS) ?? 0;
    if (own === Infinity) throw tooFast(this.#ofAddress!.perSecond);
    const common = this.#ofAll?.take(ALL, units, PATIENCE_MS) ?? 0;
    if (common === Infinity) throw tooMany();
    const dueInMs = Math.max(own, common);
    if (dueInMs >= 1) await sleep(dueInMs);
    return true;
  }
}

const tooFast = (perSecond: number) =>
  new ProblemError('RATE_LIMITED', 'Too many reads of this address; try again in 1 s.', {
    headers: {
      'retry-after': '1',
      'ratelimit-policy': `"reads";q=${perSecond};w=1`,
      ratelimit: '"reads";r=0;t=1',
    },
    members: { 'violated-policies': ['reads'] },
  });

const tooMany = () =>
  new ProblemError('READS_OVERLOADED', 'Try again in a moment.', { headers: { 'retry-after': '1' } });
