/** Injection token of the ApiConfig. */
export const API_CONFIG = Symbol('api-config');
/** Of the primary's pool for reads that anybody may ask for, and for those that take long: see DATABASE_READ_POOL_SIZE. */
export const READ_POOL = Symbol('read-pool');
