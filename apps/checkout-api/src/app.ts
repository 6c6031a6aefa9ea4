import { Admissions, keepShardCount, RestockReminders } from '@app/checkout-queue';
import { postgresOf, redisServersOf, type ApiConfig } from '@app/config';
import { bootLog, loggerOf } from '@app/observability';
import { reachable } from '@app/servers';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AdminKeys } from './admin/admin-keys.js';
import { AppModule } from './app.module.js';
import { serveDashboard } from './dashboard/serve-dashboard.js';
import { fastifyBehind } from './http/fastify.js';
import { setSecurityHeaders, shareWith } from './http/headers.js';
import { serveDocs } from './http/openapi.js';
import { refuseOtherMethods } from './http/problems/method-not-allowed.js';
import { timeRequests } from './http/request-metrics.js';
import { Routes } from './http/routes.js';
import { traceRequests } from './http/trace-requests.js';
import { Addresses } from './limits/addresses.js';
import { slowRefusals } from './limits/slow-refusals.js';
import { serveQueueBoard } from './queues/queue-board.js';
import { warnOfChoices, warnOfUnknownProxy } from './warnings.js';

/**
 * Waits for the servers and makes the application, with all its routes. It does not listen yet.
 *
 * @throws {ServerUnusableError}
 */
export async function createApp(config: ApiConfig, ending: AbortSignal): Promise<NestFastifyApplication> {
  const log = bootLog(config.LOG_LEVEL);
  const Redis = redisServersOf(config);
  await reachable({ Postgres: postgresOf(config).main, Redis }, log);
  await keepShardCount(Redis, log);
  const adapter = fastifyBehind(config);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config, ending), adapter, {
    abortOnError: false,
    bodyParser: false, // Fastify's own: JSON and nothing else
    logger: loggerOf(config),
  });
  warnOfChoices(config);
  const fastify = adapter.getInstance();
  warnOfUnknownProxy(fastify, config);
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT) traceRequests(fastify, config.OTEL_TRACES_SAMPLER_ARG);
  const routes = new Routes(fastify);
  setSecurityHeaders(app);
  if (config.CORS_ORIGINS) shareWith(app, config.CORS_ORIGINS, routes);
  refuseOtherMethods(fastify, routes);
  timeRequests(fastify);
  slowRefusals(fastify, app.get(Addresses), config.REFUSALS_PER_SECOND_PER_ADDRESS);
  serveDocs(app);
  serveQueueBoard(
    fastify,
    [app.get(Admissions).queues.all, app.get(RestockReminders).queues.all],
    app.get(AdminKeys),
  );
  await serveDashboard(fastify, config.DASHBOARD_CONTROL_URL);
  return app.init();
}
