import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

/** In milliseconds: how long the last spans may take to the collector at shutdown. */
const FLUSH_MS = 2_000;

/** The variables of libs/config that tracing needs. */
export interface TracingConfig {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

type End = () => Promise<void>;
const END = Symbol('end');

/** Records traces and exports them by OTLP/HTTP, if a collector is configured. Otherwise the SDK of OpenTelemetry is not loaded. */
@Module({})
export class TracingModule implements OnApplicationShutdown {
  constructor(@Inject(END) private readonly end: End) {}

  static with(service: string, config: TracingConfig): DynamicModule {
    return {
      module: TracingModule,
      providers: [{ provide: END, useFactory: () => start(service, config) }],
    };
  }

  async onApplicationShutdown() {
    const flushed = this.end().catch(() => undefined); // the collector is gone, which was logged
    await Promise.race([flushed, sleep(FLUSH_MS, undefined, { ref: false })]);
  }
}

async function start(service: string, config: TracingConfig): Promise<End> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  if (!endpoint) return async () => undefined;
  const logger = new Logger('Tracing');
  const { startSdk } = await import('./sdk.js');
  return startSdk({ service, endpoint, ratio, warn: (message) => logger.warn(message) });
}
