/** Injection token of the ApiConfig. */
export const API_CONFIG = Symbol('api-config');
/** Of the connection to Redis for commands. */
export const REDIS = Symbol('redis');
