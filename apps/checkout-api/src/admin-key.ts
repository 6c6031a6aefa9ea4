import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { API_CONFIG } from './api-config.js';

/** Recognises the admin key. */
@Injectable()
export class AdminKey {
  readonly #expected: Buffer;

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    this.#expected = digest(config.ADMIN_KEY);
  }

  matches(key: string | undefined): boolean {
    return key !== undefined && timingSafeEqual(digest(key), this.#expected);
  }
}

/** The credentials of an Authorization header of the scheme Bearer (RFC 6750). */
export const bearerOf = (authorization = ''): string | undefined =>
  /^Bearer +(.+)$/i.exec(authorization)?.[1];

/** The password of an Authorization header of the scheme Basic (RFC 7617): what a browser can ask a person for. */
export function passwordOf(authorization = ''): string | undefined {
  const [, credentials = ''] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  return /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString())?.[1];
}

/** Digests have one length, as timingSafeEqual needs, and tell nothing of the key's. */
const digest = (key: string) => createHash('sha256').update(key).digest();
