import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { LRUCache } from 'lru-cache';
import { webcrypto } from 'node:crypto';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';
import { buyerName } from './buyer-id.js';
import { issuerKeys, KeysUnavailableError } from './issuer-keys.js';

/** How Web Crypto names it. */
const HS256 = { name: 'HMAC', hash: 'SHA-256' };

/** Most seconds by which the clocks of this machine and of the issuer may differ. */
const CLOCK_TOLERANCE = 5;

/** In milliseconds: a token that was verified is believed for so long, also if its issuer drops the key. */
const BELIEVED_MS = 60_000;
/** Characters of all tokens that are remembered. */
const REMEMBERED_CHARACTERS = 8_000_000;
/** What a token takes besides. */
const OVERHEAD = 500;

/** An access token (RFC 9068), or one that says no more than that it is a token: nothing that was made for another purpose. */
const TYPES = /^(application\/)?(at\+)?jwt$/i;

/** Whom a token names, and until when it does, in milliseconds since the epoch. */
interface Named {
  readonly buyerId: string;
  readonly until: number;
}

/**
 * Verifies JSON Web Tokens (RFC 7519), whose subject is the buyer. Their issuer signs with a shared secret (HS256) or a key of its
 * key set. With BUYER_AUTH=none nobody is authenticated and checkouts name their buyer.
 */
@Injectable()
export class BuyerTokens {
  readonly #keys: JWTVerifyGetKey | undefined;
  readonly #options: JWTVerifyOptions;
  /** A buyer shows one token again and again: to buy, to look, to pay. Requests that come together share one verification. */
  readonly #verified = new LRUCache<string, Named>({
    ttl: BELIEVED_MS,
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (_, token) => token.length + OVERHEAD,
    fetchMethod: (token) => this.#verify(token),
    ignoreFetchAbort: true, // a verification is for those who wait, also if others push it out
  });

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    this.#keys = keysOf(config);
    this.#options = {
      issuer: config.BUYER_JWT_ISSUER,
      audience: config.BUYER_JWT_AUDIENCE,
      // Accepts only these: never `none`, and no public key of a set as an HMAC secret.
      algorithms: config.BUYER_AUTH === 'secret' ? ['HS256'] : ['RS256', 'PS256', 'ES256', 'EdDSA'],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE,
    };
  }

  /** Whether buyers need a token. */
  get required(): boolean {
    return this.#keys !== undefined;
  }

  /**
   * The buyer that a token names.
   *
   * @throws {ProblemError} BUYER_TOKEN_REQUIRED, or BUYER_KEYS_UNAVAILABLE if the key set cannot be fetched
   */
  async verify(token: string): Promise<Named> {
    const named = await this.#verified.fetch(token);
    return named && Date.now() < named.until ? named : this.#verify(token);
  }

  async #verify(token: string): Promise<Named> {
    const { payload, protectedHeader } = await jwtVerify(token, this.#keys!, this.#options).catch(refuse);
    const { typ } = protectedHeader;
    if (typ !== undefined && !TYPES.test(typ)) throw notValid('its `typ` is neither JWT nor at+jwt');
    const subject = buyerName.safeParse(payload.sub);
    if (subject.success) return { buyerId: subject.data, until: payload.exp! * 1_000 };
    throw notValid(`its claim \`sub\` is no buyerId: ${subject.error.issues[0]!.message}`);
  }
}

/** Where the key of a token is looked up; undefined where buyers need no token. */
function keysOf(config: ApiConfig): JWTVerifyGetKey | undefined {
  if (config.BUYER_AUTH === 'none') return undefined;
  if (config.BUYER_AUTH === 'jwks')
    return issuerKeys(config.BUYER_JWKS_URL!, config.BUYER_JWKS_MAX_AGE_SECONDS);
  const secret = new TextEncoder().encode(config.BUYER_JWT_SECRET);
  const key = webcrypto.subtle.importKey('raw', secret, HS256, false, ['verify']);
  return () => key;
}

/** Tells what jose found wrong, in its words. */
function refuse(cause: unknown): never {
  if (cause instanceof KeysUnavailableError) throw keysUnavailable(cause);
  throw notValid(cause instanceof errors.JOSEError ? cause.message : 'it cannot be read', cause);
}

const notValid = (reason: string, cause?: unknown) =>
  tokenRequired(`The token is not valid: ${reason}.`, cause);

export const tokenRequired = (detail: string, cause?: unknown) =>
  new ProblemError('BUYER_TOKEN_REQUIRED', `${detail} Send the header Authorization: Bearer <token>.`, {
    headers: { 'www-authenticate': 'Bearer realm="buyers"' },
    cause,
  });

const keysUnavailable = (cause: unknown) =>
  new ProblemError('BUYER_KEYS_UNAVAILABLE', 'Try again in a moment.', {
    headers: { 'retry-after': '1' },
    cause,
  });
