import { adminKeysOf, type AdminScope, type ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';

/** Whoever has an admin key, by the name of that key. */
export interface Admin {
  readonly name: string;
  readonly scope: AdminScope;
}

/** Methods for which it is enough to be allowed to read. */
const READING = new Set(['GET', 'HEAD']);

/** Recognises admin keys, and knows what each may do. */
@Injectable()
export class AdminKeys {
  readonly #known: readonly (Admin & { readonly digest: Buffer })[];

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    this.#known = adminKeysOf(config).map(({ name, scope, key }) => ({ name, scope, digest: digestOf(key) }));
  }

  find(key: string | undefined): Admin | undefined {
    if (key === undefined) return undefined;
    const digest = digestOf(key);
    return this.#known.find((admin) => timingSafeEqual(digest, admin.digest));
  }

  /**
   * The admin who has this key. It decides by the method alone what a key may do, so that no route can forget to.
   *
   * @throws {ProblemError} ADMIN_SCOPE_REQUIRED
   */
  allowed(key: string | undefined, method: string): Admin | undefined {
    const admin = this.find(key);
    if (!admin || admin.scope === 'operate' || READING.has(method)) return admin;
    throw new ProblemError(
      'ADMIN_SCOPE_REQUIRED',
      `The key ${admin.name} may only read: use one of scope operate.`,
    );
  }
}

/** Digests have one length, which timingSafeEqual needs, and hide the key's own. */
const digestOf = (key: string) => createHash('sha256').update(key).digest();
