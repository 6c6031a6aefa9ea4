export { ConfigError, loadApiConfig, loadWorkerConfig, type ApiConfig, type WorkerConfig } from './config.js';
