/** The credentials of an Authorization header of the scheme Bearer (RFC 6750). */
export const bearerOf = (authorization = ''): string | undefined =>
  /^Bearer +(.+)$/i.exec(authorization)?.[1];

/** The password of an Authorization header of the scheme Basic (RFC 7617): what a browser can ask a person for. */
export function passwordOf(authorization = ''): string | undefined {
  const [, credentials = ''] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  return /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString())?.[1];
}
