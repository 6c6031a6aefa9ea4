import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ExpectedError } from '../../local/expected-error.js';

export function positiveInteger(option: string, value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new ExpectedError(`${option} must be a number from 1 to 9999, not ${value}.`);
  return Number(value);
}

/** @returns undefined where the option was not given */
export function integer(option: string, text: string, min: number, max: number): number;
export function integer(
  option: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined;
export function integer(option: string, text: string | undefined, min: number, max: number) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new ExpectedError(`${option} must be a whole number from ${min} to ${max}, not '${text}'.`);
}

/** Items with commas between them. @returns undefined where the option was not given */
export function listOf<Item extends string>(
  option: string,
  text: string | undefined,
  known: readonly Item[],
): Item[] | undefined {
  if (text === undefined) return undefined;
  const named = [...new Set(text.split(',').map((item) => item.trim()))];
  const unknown = named.filter((name) => !known.some((item) => item === name));
  if (unknown.length === 0) return named as Item[];
  throw new ExpectedError(
    `${option}: unknown ${unknown.map((item) => `'${item}'`).join(', ')}. There are ${known.join(', ')}.`,
  );
}

/** One of these words. @returns undefined where the option was not given */
export function oneOf<Item extends string>(
  option: string,
  text: string | undefined,
  known: readonly Item[],
): Item | undefined {
  const found = known.find((item) => item === text);
  if (text === undefined || found !== undefined) return found;
  throw new ExpectedError(`${option}: unknown '${text}'. There are ${known.join(', ')}.`);
}

/** `parseArgs`, but what it cannot read is told together with the usage. */
export function parsed<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new ExpectedError(`${(error as Error).message}\n\n${usage}`);
  }
}

/** The command as it was typed. */
export const typed = (verb: string, args: readonly string[]): string =>
  [`npm run ${verb}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
