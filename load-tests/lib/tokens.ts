import { hmac } from 'k6/crypto';
import encoding from 'k6/encoding';

const encoded = (part: object) => encoding.b64encode(JSON.stringify(part), 'rawurl');
const head = encoded({ alg: 'HS256', typ: 'JWT' });

/** A token of an hour, signed with the secret that the API shares with the issuer. Its subject may be anything. */
export function tokenFor(sub: unknown, secret: string): string {
  const signed = `${head}.${encoded({ sub, exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${signed}.${hmac('sha256', secret, signed, 'base64rawurl')}`;
}
