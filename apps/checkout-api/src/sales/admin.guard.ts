import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminKey, bearerOf } from '../admin-key.js';
import { ProblemError } from '../problems/problem.js';

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
