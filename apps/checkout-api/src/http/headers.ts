import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import helmet from 'helmet';

/** Pages load nothing from elsewhere and appear in no frame. Swagger UI needs inline styles and an inline logo. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
  },
};

/** Headers that pages of other origins may read, besides the usual ones. */
const EXPOSED_HEADERS = [
  'ETag',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
];

/** Adds security headers to every answer, and lets pages of these origins call the API. */
export function setHeaders(app: NestFastifyApplication, origins: string[] | undefined): void {
  const setSecurityHeaders = helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', ({ raw }, reply, next) => {
    void reply.header('cache-control', 'no-store'); // whatever may be kept says so itself
    setSecurityHeaders(raw, reply.raw, () => next());
  });
  if (origins) app.enableCors({ origin: origins, exposedHeaders: EXPOSED_HEADERS });
}
