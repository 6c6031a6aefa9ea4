export { HealthModule, type Probes } from './health.module.js';
export { logging } from './logging.js';
export { MetricsModule } from './metrics.module.js';
