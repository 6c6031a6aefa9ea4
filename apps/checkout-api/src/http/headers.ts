import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import helmet from 'helmet';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Routes } from './routes.js';

/**
 * Pages load nothing from elsewhere and appear in no frame. Swagger UI needs inline styles and an inline logo; `baseUri` is for a page
 * that names where its links begin.
 */
const policy = (baseUri: "'none'" | "'self'") => ({
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    baseUri: [baseUri],
    frameAncestors: ["'none'"],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
  },
});

/** What helmet sets, which is the same for every answer. */
function headersWith(contentSecurityPolicy: ReturnType<typeof policy>): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  helmet({ contentSecurityPolicy })(
    {} as IncomingMessage,
    response as unknown as ServerResponse,
    () => undefined,
  );
  return headers;
}

/** What a browser heeds of data as well, as OWASP's REST Security Cheat Sheet has it. All of helmet's are a tenth of what a refusal costs. */
const OF_DATA = new Set([
  'content-security-policy',
  'cross-origin-resource-policy',
  'strict-transport-security',
  'x-content-type-options',
]);
const HELMETS = Object.entries(headersWith(policy("'none'")));
const EVERYWHERE = {
  'cache-control': 'no-store', // whatever may be kept says so itself
  ...Object.fromEntries(HELMETS.filter(([name]) => OF_DATA.has(name))),
};
const OF_PAGES = Object.fromEntries(HELMETS.filter(([name]) => !OF_DATA.has(name)));
/** For pages with a <base> of this origin. */
export const ALLOW_BASE = headersWith(policy("'self'"));

/** Headers that pages of other origins may read, besides the usual ones. */
const EXPOSED_HEADERS = [
  'Allow',
  'ETag',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
];

/** Adds security headers to every answer, and to a page all of helmet's. */
export function setSecurityHeaders(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (_, reply, next) => {
    void reply.headers(EVERYWHERE);
    next();
  });
  fastify.addHook('onSend', (_, reply, payload, next) => {
    if (String(reply.getHeader('content-type')).startsWith('text/html')) void reply.headers(OF_PAGES);
    next(null, payload);
  });
}

/** Lets pages of these origins call the API. A preflight is told the methods of its path; there is none for no path. */
export function shareWith(app: INestApplication, origin: string[], routes: Routes): void {
  app.enableCors((request: FastifyRequest, decide: (error: null, options: object) => void) => {
    const methods = isPreflight(request) ? routes.methodsAt(request.url) : [];
    decide(null, { origin, methods, preflight: methods.length > 0, exposedHeaders: EXPOSED_HEADERS });
  });
}

const isPreflight = ({ method, headers }: FastifyRequest) =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined;
