import { LoggerModule } from 'nestjs-pino';

/** Structured logs on stdout. Requests are counted by the metrics rather than logged one by one. */
export const logging = (level: string) => LoggerModule.forRoot({ pinoHttp: { level, autoLogging: false } });
