import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import helmet from 'helmet';

/** Pages of this API load nothing from elsewhere and are shown in no frame. Swagger UI has inline styles and its logo inline. */
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

/** What pages of other origins may read besides the usual headers. */
const EXPOSED_HEADERS = ['Location', 'Preference-Applied', 'RateLimit', 'RateLimit-Policy', 'Retry-After'];

/** Has every answer carry the headers that protect pages, and lets pages of these origins call the API. */
export function setHeaders(app: NestFastifyApplication, origins: string[] | undefined): void {
  const setSecurityHeaders = helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', ({ raw }, reply, next) => setSecurityHeaders(raw, reply.raw, () => next()));
  if (origins) app.enableCors({ origin: origins, exposedHeaders: EXPOSED_HEADERS });
}
