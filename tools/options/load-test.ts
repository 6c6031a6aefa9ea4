import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ExpectedError } from '../../local/expected-error.js';

export interface LoadTest {
  name: string;
  /** The file of the module that tells how to use another shop. */
  target?: string;
  /** Arguments that are k6's own. */
  k6: string[];
}

/** Those that ask for nothing but a sale, checkouts, and what was sold. */
const FOR_ANY_SHOP = ['flash-sale', 'many-skus'];

export function parseLoadTest([name, ...args]: string[], names: readonly string[]): LoadTest {
  if (!name || !names.includes(name)) {
    const problem = name ? `There is no load test ${name}.` : 'Which load test?';
    throw new ExpectedError(`${problem} npm run load-test -- <${names.join(' | ')}>`);
  }
  const at = args.findIndex((arg) => arg === '--target' || arg.startsWith('--target='));
  if (at === -1) return { name, k6: args };
  const [, inline] = args[at]!.split('=');
  const named = inline ?? args[at + 1];
  const k6 = args.toSpliced(at, inline === undefined ? 2 : 1);
  return { name, target: targetFile(name, named), k6 };
}

function targetFile(name: string, named: string | undefined): string {
  if (!FOR_ANY_SHOP.includes(name))
    throw new ExpectedError(
      `${name} needs the API of this project. --target goes with ${FOR_ANY_SHOP.join(' and ')}.`,
    );
  if (!named) throw new ExpectedError('Which shop? --target ./my-shop.ts');
  const file = resolve(named);
  if (existsSync(file)) return file;
  throw new ExpectedError(`There is no target ${file}.`);
}
