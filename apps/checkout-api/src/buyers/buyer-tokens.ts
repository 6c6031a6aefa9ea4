import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';
import { buyerName } from './buyer-id.js';
import { issuerKeys, KeysUnavailableError } from './issuer-keys.js';

/** Most seconds by which the clocks of this machine and of the issuer may differ. */
const CLOCK_TOLERANCE = 5;

/** An access token (RFC 9068), or one that says no more than that it is a token: nothing that was made for another purpose. */
const TYPES = /^(application\/)?(at\+)?jwt$/i;

/**
 * Verifies JSON Web Tokens (RFC 7519), whose subject is the buyer. Their issuer signs with a shared secret (HS256) or a key of its
 * key set. With BUYER_AUTH=none nobody is authenticated and checkouts name their buyer.
 */
@Injectable()
export class BuyerTokens {
  readonly #keys: JWTVerifyGetKey | undefined;
  readonly #options: JWTVerifyOptions;

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
   * The buyer that a token names, and until when it does, in milliseconds since the epoch.
   *
   * @throws {ProblemError} BUYER_TOKEN_REQUIRED, or BUYER_KEYS_UNAVAILABLE if the key set cannot be fetched
   */
  async verify(token: string): Promise<{ buyerId: string; until: number }> {
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
  return () => secret;
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
