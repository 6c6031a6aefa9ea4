export { EXIT, runProcess } from './run-process.js';
