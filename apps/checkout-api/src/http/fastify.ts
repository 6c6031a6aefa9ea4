import { FastifyAdapter } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { refuseUnroutable } from './problems/http-problems.js';
import { refuseUnreadable } from './problems/unreadable.js';

/** Bytes. Opening a sale may take a thousand items. */
const BODY_LIMIT = 16 * 1_024;
const NEW_SALE_BODY_LIMIT = 128 * 1_024;

/** Takes JSON bodies only. Trusts X-Forwarded-For of so many proxies. */
export function fastifyBehind(proxies: number): FastifyAdapter {
  const adapter = new FastifyAdapter({
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
