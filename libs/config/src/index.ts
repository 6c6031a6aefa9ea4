export { adminKeysOf, type AdminScope } from './admin-keys.js';
export {
  ConfigError,
  loadApiConfig,
  loadMigrationConfig,
  loadRetirementConfig,
  loadWorkerConfig,
  VARIABLES,
  type ApiConfig,
  type WorkerConfig,
} from './config.js';
export { LOCK_SERVER_VARIABLES, lockServersOf } from './lock-servers.js';
export { postgresOf } from './postgres.js';
export { redisServersOf, REDIS_VARIABLES } from './redis-servers.js';
