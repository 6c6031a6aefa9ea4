export { dataSourceOptions, KEEP_TRYING, poolOf, type DatabaseOptions } from './data-source.js';
export { migrate } from './migrate.js';
