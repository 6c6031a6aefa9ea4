export { HealthModule, type Probes } from './health.module.js';
export { bootLog, loggerOf, logging, withoutTicket } from './logging.js';
export { MetricsModule } from './metrics.module.js';
export { contextOf, contextOfClient, fail, inSpan, traceparent, tracer } from './tracing/spans.js';
export { TracingModule } from './tracing/tracing.module.js';
