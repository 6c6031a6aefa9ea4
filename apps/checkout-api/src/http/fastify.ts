import { FastifyAdapter } from '@nestjs/platform-fastify';
import { httpLimits } from '@app/process';
import { randomUUID } from 'node:crypto';
import { refuseUnroutable } from './problems/http-problems.js';
import { refuseUnreadable } from './problems/unreadable.js';

/** Bytes. Opening a sale may take a thousand items. */
const BODY_LIMIT = 16 * 1_024;
const NEW_SALE_BODY_LIMIT = 128 * 1_024;

interface FastifyConfig {
  readonly TRUSTED_PROXIES: number;
  readonly REQUEST_TIMEOUT_MS: number;
}

/** Takes JSON bodies only. Trusts X-Forwarded-For of so many proxies. */
export function fastifyBehind({
  TRUSTED_PROXIES: proxies,
  REQUEST_TIMEOUT_MS: requestMs,
}: FastifyConfig): FastifyAdapter {
  const adapter = new FastifyAdapter({
    ...httpLimits(requestMs),
    skipMiddie: true, // there is no middleware
    bodyLimit: BODY_LIMIT,
    trustProxy: (_, hop) => hop < proxies,
    genReqId: () => randomUUID(),
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: refuseUnroutable,
    return503OnClosing: false, // requests that still arrive while it shuts down are answered
  });
  const fastify = adapter.getInstance();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRoute', (route) => {
    if (route.url === '/sales') route.bodyLimit = NEW_SALE_BODY_LIMIT;
  });
  return adapter;
}
