export { lend, putBack } from './lend.js';
export { ThinnedLog, type Log } from './log.js';
export { postgresOptions, probePostgres, ROLE_SETTINGS, type PostgresServer } from './postgres.js';
export { isSqlState } from './postgres-verdict.js';
export { reachable } from './reachable.js';
export { LONGEST_BLOCK_SECONDS, openRedis, probeRedis, readyRedis } from './redis.js';
export { ServerUnusableError } from './server-unusable-error.js';
export { isPassing, verdictOf } from './verdict-of.js';
export type { Verdict } from './verdict.js';
