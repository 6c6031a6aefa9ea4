import { contextOfClient, tracer } from '@app/observability';
import { context, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Monitoring asks for these every few seconds. */
const UNTRACED = /^\/(health|metrics|docs|queues)\b/;

/**
 * Makes a span for every request, in the caller's trace if it names one; so many of these traces are recorded. Call it only where
 * traces are.
 */
export function traceRequests(fastify: FastifyInstance, ratio: number): void {
  const spans = new WeakMap<FastifyRequest, Span>();

  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers, id } = request;
    if (UNTRACED.test(url)) return done();
    const route = request.routeOptions.url;
    const parent = contextOfClient({ traceparent: String(headers.traceparent ?? '') }, ratio);
    const attributes = {
      'http.request.method': method,
      'http.route': route,
      'url.path': url.split('?', 1)[0],
      'http.request.id': id,
    };
    const span = tracer.startSpan(
      route ? `${method} ${route}` : method,
      { kind: SpanKind.SERVER, attributes },
      parent,
    );
    spans.set(request, span);
    context.with(trace.setSpan(parent, span), done);
  });

  fastify.addHook('onResponse', (request, { statusCode }, done) => {
    const span = spans.get(request);
    span?.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
