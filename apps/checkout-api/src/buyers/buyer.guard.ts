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

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const identified = (caller: Caller) => {
      setCaller(request, caller);
      return true;
    };
    const credentials = bearerOf(request.headers.authorization);
    if (this.adminKeys.allowed(credentials, request.method)) return identified({ kind: 'admin' });
    if (!this.tokens.required) return identified({ kind: 'anyone' });
    if (credentials === undefined) throw tokenRequired('Buyers have to show who they are.');
    return this.tokens.verify(credentials).then((named) => identified({ kind: 'buyer', ...named }));
  }
}
