import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';

type Verify = (token: string, options: JWTVerifyOptions) => Promise<{ payload: JWTPayload }>;

/** Most seconds by which the clocks of this machine and of the issuer may differ. */
const CLOCK_TOLERANCE = 5;

/**
 * Verifies JSON Web Tokens (RFC 7519), whose subject is the buyer. Their issuer signs with a shared secret (HS256) or a key of its
 * key set. Without either, nobody is authenticated and checkouts name their buyer.
 */
@Injectable()
export class BuyerTokens {
  readonly #verify: Verify | undefined;
  readonly #options: JWTVerifyOptions;

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    const { BUYER_JWT_SECRET, BUYER_JWKS_URL, BUYER_JWT_ISSUER, BUYER_JWT_AUDIENCE } = config;
    this.#verify = verifierOf(BUYER_JWT_SECRET, BUYER_JWKS_URL);
    this.#options = {
      issuer: BUYER_JWT_ISSUER,
      audience: BUYER_JWT_AUDIENCE,
      // Accepts only these: never `none`, and no public key of a set as an HMAC secret.
      algorithms: BUYER_JWT_SECRET ? ['HS256'] : ['RS256', 'PS256', 'ES256', 'EdDSA'],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE,
    };
  }

  /** Whether buyers need a token. */
  get required(): boolean {
    return this.#verify !== undefined;
  }

  /**
   * The buyer that a token names.
   *
   * @throws {ProblemError} BUYER_TOKEN_REQUIRED, or BUYER_KEYS_UNAVAILABLE if the key set cannot be fetched
   */
  async buyerOf(token: string): Promise<string> {
    try {
      const { payload } = await this.#verify!(token, this.#options);
      return payload.sub!;
    } catch (cause) {
      throw isUnavailable(cause) ? keysUnavailable(cause) : tokenRequired('The token is not valid.', cause);
    }
  }
}

function verifierOf(secret: string | undefined, jwksUrl: string | undefined): Verify | undefined {
  if (secret) {
    const key = new TextEncoder().encode(secret);
    return (token, options) => jwtVerify(token, key, options);
  }
  if (!jwksUrl) return undefined;
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  return (token, options) => jwtVerify(token, keys, options);
}

/** The key set did not come, or was none. All other errors of jose are about the token. */
const isUnavailable = (error: unknown) =>
  !(error instanceof errors.JOSEError) ||
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error.code === 'ERR_JOSE_GENERIC';

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
