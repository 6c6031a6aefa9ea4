import { LoggerModule } from 'nestjs-pino';
import { pino, type Logger } from 'pino';
import { traceIds } from './tracing/spans.js';

interface RequestOfLog {
  readonly id: string;
  readonly method: string;
  readonly url: string;
}

/**
 * Structured logs on stdout. Requests are counted by the metrics rather than logged one by one; a line that belongs to one
 * names it without its headers, which carry keys.
 */
export const logging = (level: string, traced: boolean) =>
  LoggerModule.forRoot({
    pinoHttp: {
      level,
      autoLogging: false,
      serializers: { req: ({ id, method, url }: RequestOfLog) => ({ id, method, url }) },
      mixin: traced ? traceIds : undefined,
    },
  });

/** For what there is to say before the application has its logger. */
export const bootLog = (level: string): Logger => pino({ level });
