export { isPassing, verdictOf } from './verdict-of.js';
export type { Verdict } from './verdict.js';
