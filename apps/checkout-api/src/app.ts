import { Admissions, RestockReminders } from '@app/checkout-queue';
import type { ApiConfig } from '@app/config';
import { bootLog, loggerOf } from '@app/observability';
import { reachable } from '@app/servers';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import { AdminKey } from './admin-key.js';
import { AppModule } from './app.module.js';
import { serveDashboard } from './dashboard/serve-dashboard.js';
import { timeRequests } from './metrics/request-metrics.js';
import { serveDocs } from './openapi.js';
import { refuseOtherMethods } from './problems/method-not-allowed.js';
import { refuseUnroutable } from './problems/http-problems.js';
import { refuseUnreadable } from './problems/unreadable.js';
import { serveQueueBoard } from './queues/queue-board.js';
import { traceRequests } from './tracing/trace-requests.js';

/** Bytes. Opening a sale may take a thousand items. */
const BODY_LIMIT = 16 * 1_024;
const NEW_SALE_BODY_LIMIT = 128 * 1_024;

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

/**
 * The application, initialised: its servers are connected, its routes are there; it does not listen yet. Waits for its servers.
 *
 * @throws {ServerUnusableError}
 */
export async function createApp(config: ApiConfig, ending: AbortSignal): Promise<NestFastifyApplication> {
  await reachable({ Postgres: config.DATABASE_URL, Redis: config.REDIS_URL }, bootLog(config.LOG_LEVEL));
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: (_, hop) => hop < config.TRUSTED_PROXIES,
    genReqId: () => randomUUID(),
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: refuseUnroutable,
    return503OnClosing: false, // requests that still arrive while it shuts down are answered
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config, ending), adapter, {
    abortOnError: false,
    bodyParser: false, // Fastify's own: JSON and nothing else
    logger: loggerOf(config),
  });
  const fastify = adapter.getInstance();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRoute', (route) => {
    if (route.url === '/sales') route.bodyLimit = NEW_SALE_BODY_LIMIT;
  });
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT) traceRequests(fastify);
  const setSecurityHeaders = helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY });
  fastify.addHook('onRequest', ({ raw }, reply, next) => setSecurityHeaders(raw, reply.raw, () => next()));
  if (config.CORS_ORIGINS) app.enableCors({ origin: config.CORS_ORIGINS, exposedHeaders: EXPOSED_HEADERS });
  refuseOtherMethods(fastify);
  timeRequests(fastify);
  serveDocs(app);
  serveQueueBoard(fastify, [app.get(Admissions).queue, app.get(RestockReminders).queue], app.get(AdminKey));
  await serveDashboard(fastify, config.DASHBOARD_CONTROL_URL);
  return app.init();
}
