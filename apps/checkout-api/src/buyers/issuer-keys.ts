import { ThinnedLog } from '@app/servers';
import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';

/** Milliseconds after which the issuer is asked for its keys anew, and between two tries while it does not answer. */
const RENEW_MS = 600_000;
const RETRY_MS = 30_000;

/** What is wrong with a token rather than with the keys. */
const OF_THE_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** The keys did not come, or were none. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

const log = new ThinnedLog(new Logger('IssuerKeys'));

/**
 * The keys of an issuer. They are renewed beside the requests: while the issuer is away or slow nobody waits for it, and the last
 * keys serve until they are `maxAgeSeconds` old. The first token, and one of a key that is not known, have them fetched at once.
 */
export function issuerKeys(url: string, maxAgeSeconds: number): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), { cacheMaxAge: maxAgeSeconds * 1_000 });
  let renewAt = Date.now() + RENEW_MS;
  const renew = async () => {
    renewAt = Date.now() + RETRY_MS;
    await keys.reload();
    renewAt = Date.now() + RENEW_MS;
  };
  return async (header, token) => {
    if (keys.fresh && Date.now() >= renewAt)
      void renew().catch((error: unknown) => log.warn(error, 'the last keys serve', { url, maxAgeSeconds }));
    try {
      return await keys(header, token);
    } catch (error) {
      if (OF_THE_TOKEN.some((kind) => error instanceof kind)) throw error;
      log.warn(error, 'the keys cannot be had', { url });
      throw new KeysUnavailableError('the keys cannot be had', { cause: error });
    }
  };
}
