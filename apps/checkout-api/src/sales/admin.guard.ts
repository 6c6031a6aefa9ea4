import type { ApiConfig } from '@app/config';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { API_CONFIG } from '../api-config.js';
import { ProblemError } from '../problems/problem.js';

/** Lets through whoever carries the admin key. */
@Injectable()
export class AdminGuard implements CanActivate {
  readonly #expected: Buffer;

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    this.#expected = digest(config.ADMIN_KEY);
  }

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const [, key] = /^Bearer +(.+)$/i.exec(authorization) ?? [];
    if (key !== undefined && timingSafeEqual(digest(key), this.#expected)) return true;
    throw new ProblemError('ADMIN_KEY_REQUIRED', 'Send the header Authorization: Bearer <admin key>.', {
      headers: { 'www-authenticate': 'Bearer realm="admin"' },
    });
  }
}

/** Digests have one length, as timingSafeEqual needs, and tell nothing of the key's. */
const digest = (key: string) => createHash('sha256').update(key).digest();
