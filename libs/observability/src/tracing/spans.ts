import {
  context,
  propagation,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api';

/** Records nothing until the SDK is started. */
export const tracer = trace.getTracer('flash-sale');

/** Runs work in a span, a child of the active one unless `parent` is given. The span ends with the work and records its error. */
export function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
  parent: Context = context.active(),
): Promise<T> {
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

export function fail(span: Span, error: unknown): void {
  const { name, message, code } = error as { name?: string; message?: string; code?: unknown };
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttribute('error.type', String(code ?? name ?? error));
}

/** The active span as a W3C `traceparent`, for another process. */
export function traceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/** The context that a `traceparent` names; without one, the active context. */
export const contextOf = (headers: { readonly traceparent?: string }): Context =>
  propagation.extract(context.active(), headers);

/**
 * The same of a client's request. Whether its trace is recorded is decided here, by chance: the flag, and a trace id that was chosen
 * for it, would let clients have all of their requests recorded, or none.
 */
export function contextOfClient(headers: { readonly traceparent?: string }, ratio: number): Context {
  const parent = contextOf(headers);
  const span = trace.getSpanContext(parent);
  const traceFlags = Math.random() < ratio ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return span ? trace.setSpanContext(parent, { ...span, traceFlags }) : parent;
}

/** Fields that name the active span in a log line, as OpenTelemetry calls them. */
export function traceIds(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}
