export { dataSourceOptions, openPool, poolOf, type DatabaseOptions } from './data-source.js';
export { databaseModule } from './database-module.js';
export { migrate } from './migrate.js';
