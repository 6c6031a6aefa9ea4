import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExpectedError } from '../../../../local/expected-error.js';
import { root } from '../../../../local/paths.mjs';
import { PUBLISHED } from '../../../libraries/published/index.js';

interface Package {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Of a published lock, the version that is installed.
 *
 * @throws {ExpectedError} it is not installed, or not the one that package.json names
 */
export function versionOf(driver: string, folder = root): string {
  const name = PUBLISHED[driver]?.package;
  if (!name) return 'this project';
  const asked = read(join(folder, 'package.json'));
  const wanted = asked.devDependencies?.[name] ?? asked.dependencies?.[name] ?? 'some version';
  const file = join(folder, 'node_modules', name, 'package.json');
  const version = existsSync(file) ? read(file).version : 'none';
  const exact = /^\d/.test(wanted);
  if (version === 'none' || (exact && version !== wanted))
    throw new ExpectedError(`${name}: package.json asks for ${wanted}, installed is ${version}. Run npm ci.`);
  return version;
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Package;
