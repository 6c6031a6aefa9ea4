import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminKey } from '../admin/admin-key.js';
import { bearerOf } from '../http/authorization.js';
import { BuyerTokens, tokenRequired } from './buyer-tokens.js';
import { setCaller, type Caller } from './caller.js';

/** Finds out who calls. Refuses whoever needs a token and has none. */
@Injectable()
export class BuyerGuard implements CanActivate {
  constructor(
    private readonly tokens: BuyerTokens,
    private readonly adminKey: AdminKey,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    setCaller(request, await this.#identify(bearerOf(request.headers.authorization)));
    return true;
  }

  async #identify(credentials: string | undefined): Promise<Caller> {
    if (!this.tokens.required) return { kind: 'anyone' };
    if (credentials === undefined) throw tokenRequired('Buyers have to show who they are.');
    if (this.adminKey.matches(credentials)) return { kind: 'admin' };
    return { kind: 'buyer', buyerId: await this.tokens.buyerOf(credentials) };
  }
}
