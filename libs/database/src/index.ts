export { dataSourceOptions, migrate, poolOf, type DatabaseOptions } from './data-source.js';
