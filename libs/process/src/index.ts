export { httpLimits } from './http-limits.js';
export { EXIT, runProcess } from './run-process.js';
