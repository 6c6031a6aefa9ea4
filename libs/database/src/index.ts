export { dataSourceOptions, KEEP_TRYING, openPool, poolOf, type DatabaseOptions } from './data-source.js';
export { migrate } from './migrate.js';
