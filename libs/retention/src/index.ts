export { retire, type Retired, type RetirementOptions } from './retire.js';
