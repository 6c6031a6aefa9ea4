import { Logger, LoggerModule, PinoLogger, type Params } from 'nestjs-pino';
import { pino, type Logger as PlainLogger } from 'pino';
import { traceIds } from './tracing/spans.js';

interface RequestOfLog {
  readonly id: string;
  readonly method: string;
  readonly url: string;
}

interface LogConfig {
  readonly LOG_LEVEL: string;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
}

/** Structured logs on stdout. Requests are not logged one by one; a line about one names it without its headers, which carry keys. */
const paramsOf = ({ LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT }: LogConfig): Params => ({
  forRoutes: [], // no request needs a logger of its own: who writes a line names the request
  pinoHttp: {
    level: LOG_LEVEL,
    autoLogging: false,
    serializers: { req: ({ id, method, url }: RequestOfLog) => ({ id, method, url: withoutTicket(url) }) },
    mixin: OTEL_EXPORTER_OTLP_ENDPOINT ? traceIds : undefined,
  },
});

/** A ticket in a URL is a key as well. */
export const withoutTicket = (url: string) => url.replace(/([?&]ticket=)[^&]*/, '$1…');

export const logging = (config: LogConfig) => LoggerModule.forRoot(paramsOf(config));

/** The application's logger, for lines that are written while the application is being made. */
export function loggerOf(config: LogConfig): Logger {
  const params = paramsOf(config);
  return new Logger(new PinoLogger(params), params);
}

/** For lines before that. */
export const bootLog = (level: string): PlainLogger => pino({ level });
