import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import helmet from 'helmet';
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

/** For pages with a <base> of this origin. */
export const allowBase = helmet.contentSecurityPolicy(policy("'self'"));

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

/** Adds security headers to every answer. */
export function setSecurityHeaders(app: NestFastifyApplication): void {
  const set = helmet({ contentSecurityPolicy: policy("'none'") });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', ({ raw }, reply, next) => {
    void reply.header('cache-control', 'no-store'); // whatever may be kept says so itself
    set(raw, reply.raw, () => next());
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
