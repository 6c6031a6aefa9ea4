/** Injection token of the ApiConfig. */
export const API_CONFIG = Symbol('api-config');
