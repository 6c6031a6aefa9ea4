import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from '../http/authorization.js';
import { ProblemError } from '../http/problems/problem.js';
import { AdminKey } from './admin-key.js';

/** Lets through whoever carries the admin key. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly adminKey: AdminKey) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    if (this.adminKey.matches(bearerOf(authorization))) return true;
    throw new ProblemError('ADMIN_KEY_REQUIRED', 'Send the header Authorization: Bearer <admin key>.', {
      headers: { 'www-authenticate': 'Bearer realm="admin"' },
    });
  }
}
