import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminKeys } from '../admin/admin-keys.js';
import { bearerOf } from '../http/authorization.js';
import { BuyerTokens, tokenRequired } from './buyer-tokens.js';
import { setCaller, type Caller } from './caller.js';

/** Finds out who calls. Refuses whoever needs a token and has none. */
@Injectable()
export class BuyerGuard implements CanActivate {
  constructor(
    private readonly tokens: BuyerTokens,
    private readonly adminKeys: AdminKeys,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    setCaller(request, await this.#identify(bearerOf(request.headers.authorization), request.method));
    return true;
  }

  async #identify(credentials: string | undefined, method: string): Promise<Caller> {
    if (this.adminKeys.allowed(credentials, method)) return { kind: 'admin' };
    if (!this.tokens.required) return { kind: 'anyone' };
    if (credentials === undefined) throw tokenRequired('Buyers have to show who they are.');
    return { kind: 'buyer', ...(await this.tokens.verify(credentials)) };
  }
}
