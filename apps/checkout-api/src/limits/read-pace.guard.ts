import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminKeys } from '../admin/admin-keys.js';
import { bearerOf } from '../http/authorization.js';
import { Addresses } from './addresses.js';
import { ReadPace } from './read-pace.js';

/** A page of so many sales counts as one read. */
const SALES_PER_READ = 100;
const MOST_SALES = 1_000;

type Read = FastifyRequest<{ Querystring: { limit?: string } }>;

/** Lets everybody read, at a pace; an admin at any. */
@Injectable()
export class ReadPaceGuard implements CanActivate {
  constructor(
    private readonly pace: ReadPace,
    private readonly adminKeys: AdminKeys,
    private readonly addresses: Addresses,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Read>();
    if (!this.adminKeys.find(bearerOf(request.headers.authorization)))
      await this.pace.ofPublic(this.addresses.of(request), unitsOf(request));
    return true;
  }
}

/** What is no number is refused later. */
const unitsOf = ({ query: { limit = '1' } }: Read) =>
  Math.max(1, Math.min(Number(limit), MOST_SALES) / SALES_PER_READ) || 1;
