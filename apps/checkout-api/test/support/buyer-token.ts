import { SignJWT } from 'jose';

/** What `BUYER_JWT_SECRET` has to be for these tokens. */
export const SECRET = 'a-secret-that-only-tests-know-of';

export const tokenOf = (buyer: string, expires: string | Date = '1h'): Promise<string> =>
  new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(buyer)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(SECRET));
