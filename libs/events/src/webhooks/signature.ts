import { createHmac, randomBytes } from 'node:crypto';

/** Of a secret of Standard Webhooks; the rest is the key in base64. */
const PREFIX = 'whsec_';

export const newSecret = (): string => PREFIX + randomBytes(32).toString('base64');

/** The headers of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body, one signature for each secret. */
export function signed(secrets: readonly string[], id: string, body: string, now = Date.now()) {
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
