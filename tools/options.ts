import { ExpectedError } from './expected-error.js';

export function positiveInteger(option: string, value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new ExpectedError(`${option} must be a number from 1 to 9999, not ${value}.`);
  return Number(value);
}
