import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { randomUUID } from 'node:crypto';

/** In milliseconds: between two exports, and for one of them. */
const EXPORT_EVERY = 1_000;
const EXPORT_TIMEOUT = 2_000;
/** Most spans that wait for export; more are dropped, to save memory. */
const MAX_WAITING_SPANS = 16_384;

export interface SdkOptions {
  readonly service: string;
  /** Base URL of the collector. */
  readonly endpoint: string;
  /** Share of traces that are recorded, 0 to 1. */
  readonly ratio: number;
  readonly warn: (message: string) => void;
}

/** Makes this process record traces. Returns a function that exports the last spans and stops. */
export function startSdk({ service, endpoint, ratio, warn }: SdkOptions): () => Promise<void> {
  const silent = () => undefined;
  const logger = { error: warn, warn, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': randomUUID() }),
    // Decides where a trace begins; all processes follow that. What a client decided is replaced: see `contextOfClient`.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: EXPORT_EVERY,
        exportTimeoutMillis: EXPORT_TIMEOUT,
        maxQueueSize: MAX_WAITING_SPANS,
      }),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return () => provider.shutdown();
}
