import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { API_CONFIG } from '../core/tokens.js';

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

/** Digests have one length, which timingSafeEqual needs, and hide the key's own. */
const digest = (key: string) => createHash('sha256').update(key).digest();
