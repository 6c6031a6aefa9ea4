import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from '../http/authorization.js';
import { ProblemError } from '../http/problems/problem.js';
import { AdminKeys, type Admin } from './admin-keys.js';

const ADMIN = Symbol('admin');
type Allowed = FastifyRequest & { [ADMIN]?: Admin };

/** Lets through whoever carries an admin key that may do this. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly adminKeys: AdminKeys) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Allowed>();
    const admin = this.adminKeys.allowed(bearerOf(request.headers.authorization), request.method);
    if (!admin)
      throw new ProblemError('ADMIN_KEY_REQUIRED', 'Send the header Authorization: Bearer <admin key>.', {
        headers: { 'www-authenticate': 'Bearer realm="admin"' },
      });
    request[ADMIN] = admin;
    return true;
  }
}

/** The name of the admin who calls, in a handler behind {@link AdminGuard}. */
export const AdminName = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const admin = context.switchToHttp().getRequest<Allowed>()[ADMIN];
  if (!admin) throw new TypeError('no guard has found out which admin calls');
  return admin.name;
});
